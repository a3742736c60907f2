"""Coming in: by a link, by name and password; and going."""

from __future__ import annotations

import math

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.annotation.services import accounts, logins
from tactful.annotation.views.who import Sent, asking, store_of
from tactful.text.addresses import is_loopback
from tactful.web.pages import page, pages_of, say_next, words_of
from tactful.web.visit import visit_of

router = APIRouter()


@router.get("/")
def home(request: Request) -> Response:
    """Where each begins: a single user works, although they may administer too."""
    person = asking(request)
    if person is None:
        return RedirectResponse("/login", 303)
    looks_on = person.role == "admin" and not request.app.state.options.single_user
    return RedirectResponse("/admin" if looks_on else "/work", 303)


@router.get("/join/{token}")
def come(request: Request, token: str) -> Response:
    """Of a link: choose a name and a password."""
    try:
        link = accounts.look_up_link(store_of(request), token)
    except accounts.BadLink:
        return _bad_link(request)
    return page(request, "join.html.j2", link=link, name="", wrong=None)


@router.post("/join/{token}")
def join(request: Request, token: str, sent: Sent) -> Response:
    """A new account, or a new password; signed in at once."""
    store, name, password = store_of(request), sent.get("name", ""), sent.get("password", "")
    try:
        link = accounts.look_up_link(store, token)
        if password != sent.get("again"):
            wrong = "differ"
        else:
            person = accounts.use_link(store, token, name=name, password=password)
            response = _begun(request, logins.begin_session(store, person))
            say_next(request, response, "accounts.welcome", name=person.name)
            return response
    except accounts.BadLink:
        return _bad_link(request)
    except accounts.BadName:
        wrong = "name"
    except accounts.NameTaken:
        wrong = "taken"
    except accounts.BadPassword:
        wrong = "password"
    return page(request, "join.html.j2", 422, link=link, name=name, wrong=wrong)


@router.get("/login")
def ask(request: Request) -> Response:
    """For name and password."""
    if asking(request) is not None:
        return RedirectResponse("/", 303)
    return page(request, "login.html.j2", name="", wrong=None)


@router.post("/login")
def login(request: Request, sent: Sent) -> Response:
    """Begin a session, always a new one."""
    name, t = sent.get("name", ""), words_of(request)
    address = request.client.host if request.client else ""
    if is_loopback(address):
        address = ""  # a proxy on this machine brings everybody: one who guesses must not shut out all
    try:
        token = logins.sign_in(store_of(request), name, sent.get("password", ""), address)
    except logins.WrongLogin:
        return page(request, "login.html.j2", 401, name=name, wrong=t("accounts.wrong"))
    except logins.TooManyTries as error:
        seconds = math.ceil(error.wait.total_seconds())
        told = (
            t("accounts.slow", minutes=-(-seconds // 60)) if seconds > 90 else t("accounts.slow_s", n=seconds)
        )
        response = page(request, "login.html.j2", 429, name=name, wrong=told)
        response.headers["Retry-After"] = str(seconds)
        return response
    return _begun(request, token)


@router.post("/logout")
def logout(request: Request) -> Response:
    """End the session, here and in the database."""
    response = RedirectResponse("/login", 303)
    _ended(request)
    secure = visit_of(request).secure
    response.delete_cookie(request.app.state.session_cookie, secure=secure, httponly=True, samesite="lax")
    return response


def _begun(request: Request, token: str) -> Response:
    _ended(request)
    secure = visit_of(request).secure
    response = RedirectResponse("/", 303)
    response.set_cookie(
        request.app.state.session_cookie,
        token,
        max_age=int(logins.LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    return response


def _ended(request: Request) -> None:
    if old := request.cookies.get(request.app.state.session_cookie):
        logins.sign_out(store_of(request), old)


def _bad_link(request: Request) -> Response:
    return pages_of(request).error(request, 404, words_of(request)("accounts.bad_link"))
