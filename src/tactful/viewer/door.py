"""Only whoever started the viewer gets in: by a key in the address that the command prints, then by a cookie.

Loopback keeps other machines out, not other users of this one; run folders are their owner's alone, and so are their pages.
The key is kept beside the indices, so that links to records stay good when the viewer is started again.
"""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tactful.errors import UserError
from tactful.runs.store.files import write_atomic
from tactful.viewer.index.place import cache_root
from tactful.web.pages import Pages, words_of
from tactful.web.visit import same

COOKIE = "tactful_viewer"
PARAMETER = "key"
_OPEN = ("/assets/", "/health")
_MONTH_S = 30 * 86400


def own_key() -> str:
    """The key of this user, made at the first start. Raises: CannotWrite; UserError where it cannot be read."""
    path = cache_root() / "key"
    try:
        if not path.is_file() or not path.stat().st_size:
            write_atomic(path, [secrets.token_urlsafe(24).encode()], follow=False)
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); remove it, a new one is made") from error


class Door:
    """Around `app`: whoever has not shown the key sees that it is asked for, and styles."""

    def __init__(self, app: ASGIApp, *, key: str, pages: Pages) -> None:
        self._app, self._key, self._pages = app, key, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, take the key out of the address, or refuse."""
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if same(request.query_params.get(PARAMETER, ""), self._key):
            await self._let_in(request)(scope, receive, send)
        elif same(request.cookies.get(COOKIE, ""), self._key):
            await self._app(scope, receive, send)
        else:
            told = words_of(request)("view.closed")
            await self._pages.error(request, 401, told)(scope, receive, send)

    def _let_in(self, request: Request) -> Response:
        clean = str(request.url.remove_query_params(PARAMETER))
        response = RedirectResponse(clean, 303)
        response.set_cookie(COOKIE, self._key, max_age=_MONTH_S, httponly=True, samesite="lax")
        return response
