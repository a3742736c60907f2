"""The viewer's app: the same look as that of annotation, over runs and files. No page writes into what is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from tactful.viewer.door import COOKIE, Door
from tactful.viewer.folders.library import Library
from tactful.viewer.views import calls, clusters, compare, export, record, records, runs
from tactful.viewer.views.kept import Kept
from tactful.web.app import build_app

HERE = Path(__file__).parent
ROUTERS: Sequence[APIRouter] = (
    runs.router, records.router, record.router, calls.router, compare.router, clusters.router, export.router,
)  # fmt: skip
"""Each with pages of its own; what they share is in `views/asked.py`."""


def build_viewer_app(library: Library, *, key: str) -> FastAPI:
    """The app over a library, which it closes at its end. `key` lets in, see `door.py`."""

    @asynccontextmanager
    async def until_the_end(app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            library.close()

    app = build_app(
        title="Tactful", rooms=(HERE,), secret=key.encode(), session_cookie=COOKIE, lifespan=until_the_end
    )
    app.state.library = library
    app.state.kept = Kept()
    app.add_middleware(Door, key=key, pages=app.state.pages)
    for router in ROUTERS:
        app.include_router(router)
    return app
