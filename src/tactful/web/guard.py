"""What stands before every route of an app, whatever the route forgets: Host, size, origin, token, headers.

Pure ASGI, outermost: also what fails in the framework leaves through here. Nothing of a request is logged.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tactful.text.addresses import is_served, served_names
from tactful.web.language import LANGUAGES, choose_language
from tactful.web.pages import Pages
from tactful.web.visit import Signer, Visit, same

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; every other one needs the token."""
BROWSER, LANGUAGE = "tactful_browser", "tactful_language"
_BODY_S = 30.0
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TLS = {"strict-transport-security": "max-age=31536000"}


class _Refused(Exception):
    def __init__(self, status: int, word: str | None = None) -> None:
        self.status, self.word = status, word


class Guard:
    """Around `app`, an application of ASGI. `session_cookie`: tokens hold for the session that it names, and no other."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        pages: Pages,
        signer: Signer,
        hosts: Iterable[str],
        behind_tls: bool,
        max_body_bytes: int,
        session_cookie: str | None,
    ) -> None:
        self._app, self._pages, self._signer = app, pages, signer
        self._names = served_names(hosts)
        self._behind_tls, self._max_bytes, self._session = behind_tls, max_body_bytes, session_cookie
        self._browser = f"__Host-{BROWSER}" if behind_tls else BROWSER
        fixed = _HEADERS | (_TLS if behind_tls else {})
        self._fixed = [(name.encode(), value.encode()) for name, value in fixed.items()]
        self._ours = {name for name, _ in self._fixed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, by the app or by a refusal."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        started = False
        request = Request(scope, receive)
        cookies = self._visit(request)

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self._headers(message["headers"], cookies)
            await send(message)

        try:
            try:
                self._check_host(request)
                if request.method not in SAFE:
                    self._check_origin(request)
                    body = await self._body(request)
                    await self._check_token(Request(scope, _replay(body, receive)))
                    receive = _replay(body, receive)
                await self._app(scope, receive, guarded)
            except ClientDisconnect:
                return
            except _Refused as refused:
                words = self._pages.words[scope["tactful.visit"].language]
                sentence = words(refused.word) if refused.word else None
                await self._pages.error(request, refused.status, sentence)(scope, receive, guarded)
        except Exception as error:  # the last wall: no request ends the server, and its content stays unseen
            log.error("a request failed with %s", type(error).__name__)
            if not started:
                await self._pages.error(request, 500)(scope, receive, guarded)

    def _visit(self, request: Request) -> list[bytes]:
        """Note who asks; the cookies that the browser gets."""
        asked = request.query_params.get("lang")
        language = choose_language(
            asked, request.cookies.get(LANGUAGE), request.headers.get("accept-language", "")
        )
        browser = request.cookies.get(self._browser)
        new = browser or secrets.token_urlsafe(16)
        session = request.cookies.get(self._session, "") if self._session else ""
        token = self._signer.signed(f"{new}\n{session}", purpose="token")
        request.scope["tactful.visit"] = Visit(language, token, self._behind_tls)
        cookies = [] if browser else [self._cookie(self._browser, new, None)]
        if asked in LANGUAGES:
            cookies.append(self._cookie(LANGUAGE, language, 31536000))
        return cookies

    def _cookie(self, name: str, value: str, seconds: int | None) -> bytes:
        kept = "" if seconds is None else f"; Max-Age={seconds}"
        secure = "; Secure" if self._behind_tls else ""
        return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{kept}{secure}".encode()

    def _headers(self, given: Iterable[Any], cookies: list[bytes]) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in given if name.lower() not in self._ours]
        held = {name.lower(): value for name, value in kept}
        if b"cache-control" not in held:
            kept.append((b"cache-control", b"no-store"))
        if held.get(b"content-type", b"").startswith(b"text/html"):
            kept += [(b"set-cookie", cookie) for cookie in cookies]
        return [*kept, *self._fixed]

    def _check_host(self, request: Request) -> None:
        if not is_served(request.headers.getlist("host"), self._names):
            raise _Refused(403, "errors.host")

    def _check_origin(self, request: Request) -> None:
        """Browsers say where a request comes from; another site's may not write, whatever token it has."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site not in (None, "same-origin", "none"):
            raise _Refused(403, "errors.origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.headers["host"].lower():
            raise _Refused(403, "errors.origin")

    async def _body(self, request: Request) -> bytes:
        """The whole body. Raises: _Refused when it is too large or too slow."""
        parts, size = [], 0
        try:
            async with asyncio.timeout(_BODY_S):
                async for part in request.stream():
                    size += len(part)
                    if size > self._max_bytes:
                        raise _Refused(413)
                    parts.append(part)
        except TimeoutError:
            raise _Refused(408) from None
        return b"".join(parts)

    async def _check_token(self, request: Request) -> None:
        wanted = request.scope["tactful.visit"].token
        given: str | UploadFile | None = request.headers.get("x-csrf-token")
        if given is None:
            try:
                async with request.form() as form:
                    given = form.get("csrf_token")
            except HTTPException:  # a form that cannot be read
                raise _Refused(400) from None
        if not isinstance(given, str) or not same(given, wanted):
            raise _Refused(403, "errors.token")


def _replay(body: bytes, receive: Receive) -> Receive:
    """Receives `body`, then what else comes."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
