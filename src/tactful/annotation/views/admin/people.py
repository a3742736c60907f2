"""Who takes part: invitations, links for a forgotten password, shutting out and letting in, and how each annotator errs."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.annotation.queries.people import open_invitations
from tactful.annotation.queries.progress import people as everybody
from tactful.annotation.services.accounts import (
    Person,
    Role,
    disable,
    invite,
    link_path,
    reset_token,
    withdraw_link,
)
from tactful.annotation.views.admin.measured import figures
from tactful.annotation.views.who import Admin, Sent, store_of
from tactful.web.pages import lead_to, page
from tactful.web.visit import visit_of

router = APIRouter(prefix="/annotators")
MOST_USES, MOST_DAYS = 200, 90


@router.get("")
def people(request: Request, me: Admin) -> Response:
    """Everybody, and the invitations that are open."""
    return _people(request, me)


@router.post("/invite")
def invited(request: Request, me: Admin, sent: Sent) -> Response:
    """A new link, shown this once."""
    uses, days = _whole(sent.get("uses"), MOST_USES), _whole(sent.get("days"), MOST_DAYS)
    if uses is None or days is None:
        return _people(request, me, wrong=True)
    role: Role = "admin" if sent.get("role") == "admin" else "annotator"
    token = invite(
        store_of(request), uses=uses, lasts=timedelta(days=days), note=sent.get("note", ""), role=role
    )
    return _people(request, me, link=_address(request, token), uses=uses, days=days)


@router.get("/invite")
def invited_before() -> Response:
    """Of the page with the link in another language: the link is not shown again."""
    return RedirectResponse("/admin/annotators", 303)


@router.post("/withdraw")
def withdraw(request: Request, sent: Sent) -> Response:
    """Nobody joins by this invitation any more."""
    withdraw_link(store_of(request), sent.get("invitation", ""))
    return lead_to(request, "/admin/annotators", "admin.people.withdrawn")


@router.get("/{id}")
def person(request: Request, me: Admin, id: UUID) -> Response:
    """How one annotator works and errs."""
    return _person(request, me, str(id))


@router.post("/{id}/disable")
def shut_out(request: Request, id: UUID) -> Response:
    """This person comes in no more, at once."""
    return _let(request, str(id), True)


@router.post("/{id}/enable")
def let_in(request: Request, id: UUID) -> Response:
    """This person may come in again."""
    return _let(request, str(id), False)


@router.post("/{id}/reset")
def reset(request: Request, me: Admin, id: UUID) -> Response:
    """A link that sets the password anew, shown this once."""
    one = str(id)
    return _person(request, me, one, link=_address(request, reset_token(store_of(request), one)))


@router.get("/{id}/reset")
def reset_before(id: UUID) -> Response:
    """Of the page with the link in another language: the link is not shown again."""
    return RedirectResponse(f"/admin/annotators/{id}", 303)


def _people(
    request: Request,
    me: Person,
    *,
    wrong: bool = False,
    link: str | None = None,
    uses: int = 1,
    days: int = 7,
) -> Response:
    store = store_of(request)
    return page(
        request,
        "admin-people.html.j2",
        422 if wrong else 200,
        me=me,
        people=everybody(store),
        invitations=open_invitations(store),
        measured=figures(request),
        most_uses=MOST_USES,
        most_days=MOST_DAYS,
        wrong=wrong,
        link=link,
        uses=uses,
        days=days,
    )


def _person(request: Request, me: Person, id: str, *, link: str | None = None) -> Response:
    one = next((one for one in everybody(store_of(request)) if one.id == id), None)
    if one is None:
        raise HTTPException(404)
    return page(request, "admin-person.html.j2", me=me, one=one, link=link, measured=figures(request))


def _let(request: Request, id: str, disabled: bool) -> Response:
    disable(store_of(request), id, disabled)
    key = "admin.people.disabled" if disabled else "admin.people.enabled"
    return lead_to(request, f"/admin/annotators/{id}", key)


def _address(request: Request, token: str) -> str:
    """As whoever gets it opens it: on the name by which the administrator asks."""
    scheme = "https" if visit_of(request).secure else request.url.scheme
    return f"{scheme}://{request.headers['host']}{link_path(token)}"


def _whole(given: str | None, most: int) -> int | None:
    text = (given or "").strip()
    return int(text) if text.isdecimal() and len(text) < 6 and 1 <= int(text) <= most else None
