"""The viewer's pages over HTTP: in a block of a script, or of a coroutine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tactful.api.serving import Served, in_a_thread
from tactful.errors import MissingExtra


@asynccontextmanager
async def viewing(path: os.PathLike[str] | str = "runs", *, port: int = 0) -> AsyncIterator[Served]:
    """`view` for coroutines: `async with tactful.aio.view("runs") as served`."""
    try:
        from tactful.viewer.app import build_viewer_app
        from tactful.viewer.door import PARAMETER, own_key
        from tactful.viewer.folders.library import Library
        from tactful.web.serve import running
    except ImportError as error:
        raise MissingExtra("annotate", "view") from error

    library, key = Library(os.fspath(path)), own_key()
    async with running(build_viewer_app(library, key=key), port=port) as address:
        yield Served(f"{address}/?{PARAMETER}={key}", str(library.path), asks_key=True)


@contextmanager
def view(path: os.PathLike[str] | str = "runs", *, port: int = 0) -> Iterator[Served]:
    """Pages to look at runs while the block runs; `address` is what a browser opens. Read-only, for this user alone.

    `path` is a folder with runs and JSONL files, one run, or one JSONL file. `port` 0 takes a free one.

    Raises: DataError where nothing lies at `path`; UserError when the port is taken; MissingExtra.
    """
    with in_a_thread(lambda: viewing(path, port=port)) as served:
        yield served
