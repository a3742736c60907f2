"""The viewer's pages over HTTP: in a block of a script, or of a coroutine."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

from tactful.api.serving import Served, in_a_thread
from tactful.errors import MissingExtra


@asynccontextmanager
async def viewing(
    path: os.PathLike[str] | str = "runs", *, port: int = 0, annotations: os.PathLike[str] | str | None = None
) -> AsyncIterator[Served]:
    """`view` for coroutines: `async with tactful.aio.view("runs") as served`."""
    try:
        from tactful.annotation.store import open_store
        from tactful.viewer.app import build_viewer_app
        from tactful.viewer.door import PARAMETER, own_key
        from tactful.viewer.folders.library import Library
        from tactful.web.serve import running
    except (ImportError, MissingExtra) as error:
        raise MissingExtra("annotate", "view") from error

    library, key = Library(os.fspath(path)), own_key()
    with nullcontext() if annotations is None else open_store(os.fspath(annotations)) as store:
        async with running(build_viewer_app(library, key=key, annotations=store), port=port) as address:
            yield Served(f"{address}/?{PARAMETER}={key}", str(library.path), asks_key=True)


@contextmanager
def view(
    path: os.PathLike[str] | str = "runs", *, port: int = 0, annotations: os.PathLike[str] | str | None = None
) -> Iterator[Served]:
    """Pages to look at runs while the block runs; `address` is what a browser opens. Read-only, for this user alone.

    `path` is a folder with runs and JSONL files, one run, or one JSONL file. `port` 0 takes a free one. `annotations` is a
    file of SQLite, or `postgresql://…`, into which labels go; made where it is missing.

    Raises: DataError where nothing lies at `path`; UserError when the port is taken; MissingExtra.
    """
    with in_a_thread(lambda: viewing(path, port=port, annotations=annotations)) as served:
        yield served


def export_view(
    path: os.PathLike[str] | str,
    out: os.PathLike[str] | str,
    *,
    filter: str = "",
    text: str = "",
    limit: int = 100,
) -> int:
    """Write the records of a run or JSONL file that match into one HTML file to send; how many match, of which it holds the
    first `limit`, at most 1,000. No script; hidden requirements, references, tests and calls are left out.

    Raises: UsageError for a filter that cannot be read or a file that exists; DataError where there is no run; MissingExtra.
    """
    try:
        from tactful.viewer.views.exporting import export_selection
    except ImportError as error:
        raise MissingExtra("annotate", "view") from error
    return export_selection(Path(path), Path(out), filter_=filter, text=text, limit=limit)
