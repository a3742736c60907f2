"""The viewer's app: the same look as that of annotation, over runs and files. No page writes into what is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI

from tactful import annotation
from tactful.annotation.store import Store
from tactful.viewer.door import COOKIE, Door
from tactful.viewer.folders.library import Library
from tactful.viewer.views import calls, clusters, compare, export, label, record, records, runs
from tactful.viewer.views.kept import Kept
from tactful.web.app import build_app

HERE = Path(__file__).parent
ANNOTATION = Path(annotation.__file__).parent
"""The room with the forms of annotation."""
ROUTERS: Sequence[APIRouter] = (
    runs.router, records.router, record.router, calls.router, compare.router, clusters.router, export.router, label.router,
)  # fmt: skip
"""Each with pages of its own; what they share is in `views/asked.py`."""


def build_viewer_app(library: Library, *, key: str, annotations: Store | None = None) -> FastAPI:
    """The app over a library, which it closes at its end. `key` lets in, see `door.py`. `annotations`: where labels go, the
    only thing that any page writes; None: none are taken."""

    @asynccontextmanager
    async def until_the_end(app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            library.close()

    app = build_app(
        title="Tactful",
        rooms=(HERE, ANNOTATION),
        secret=key.encode(),
        session_cookie=COOKIE,
        lifespan=until_the_end,
    )
    app.state.library = library
    app.state.kept = Kept()
    app.state.annotations = annotations
    app.add_middleware(Door, key=key, pages=app.state.pages)
    for router in ROUTERS:
        app.include_router(router)
    return app
