"""The one factory of page apps: what every route of theirs has without asking for it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from tactful.errors import TactfulError
from tactful.web.guard import Guard
from tactful.web.pages import Pages, pages_of
from tactful.web.visit import Signer

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(
    *,
    title: str,
    rooms: Sequence[Path] = (),
    hosts: Iterable[str] = (),
    behind_tls: bool = False,
    max_body_bytes: int = 1024 * 1024,
    secret: bytes | None = None,
    session_cookie: str | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """An app without pages yet, but for `/health` and `/assets/…`; `app.state.pages` renders.

    `rooms`: folders with `templates`, `words` and `assets`. `hosts`: names allowed in the Host header beside those of
    loopback. `secret`: signs tokens and messages; without one, pages that are open do not survive a restart.
    `session_cookie`: the cookie of the app's sessions, to which tokens are bound.

    Raises: ConfigError when a word is missing that a template asks for.
    """
    signer = Signer(secret or secrets.token_bytes(32))
    pages = Pages(title, rooms, signer)
    guarded = partial(
        Guard,
        pages=pages,
        signer=signer,
        hosts=hosts,
        behind_tls=behind_tls,
        max_body_bytes=max_body_bytes,
        session_cookie=session_cookie,
    )
    app = _App(guarded, title=title, lifespan=lifespan)
    app.state.pages = pages
    app.add_api_route("/health", _health, methods=["GET", "HEAD"])
    app.add_api_route("/assets/{version}/{name}", _asset, methods=["GET", "HEAD"])
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _unusable)
    app.add_exception_handler(TactfulError, _told)
    app.add_exception_handler(Exception, _failed)
    return app


class _App(FastAPI):
    """FastAPI behind the guard; nothing, not even its own errors, passes it by."""

    def __init__(
        self, guarded: Callable[[ASGIApp], ASGIApp], *, title: str, lifespan: Lifespan | None
    ) -> None:
        super().__init__(
            title=title,
            lifespan=lifespan,
            openapi_url=None,  # and so no pages of documentation
            redirect_slashes=False,
            telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        )
        self._guarded = guarded

    def build_middleware_stack(self) -> ASGIApp:
        """The stack of the framework, inside the guard."""
        return self._guarded(super().build_middleware_stack())


async def _health() -> Response:
    return JSONResponse({"status": "ok"})


async def _asset(request: Request, version: str, name: str) -> Response:
    found = pages_of(request).asset_response(version, name)
    if found is None:
        raise HTTPException(404)
    return found


async def _http_error(request: Request, error: Exception) -> Response:
    """The app's own sentence, where a route gave one."""
    assert isinstance(error, HTTPException)
    said = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
    response = pages_of(request).error(request, error.status_code, said)
    response.headers.update(error.headers or {})
    return response


async def _unusable(request: Request, error: Exception) -> Response:
    return pages_of(request).error(request, 422)


async def _told(request: Request, error: Exception) -> Response:
    """What was raised on purpose says itself what is wrong and what to do."""
    return pages_of(request).error(request, 400, str(error))


async def _failed(request: Request, error: Exception) -> Response:
    return pages_of(request).error(request, 500)
