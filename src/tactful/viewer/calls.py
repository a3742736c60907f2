"""The calls of a record: the rendered prompts and the raw replies, from the run's call cache."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tactful.errors import DataError
from tactful.llm.cache import Asked, calls_of
from tactful.runs.read.folder import RunFolder
from tactful.runs.store.state import read_only


def made_for(path: Path, record_id: str) -> tuple[Asked, ...]:
    """In the order in which they were first made; empty where there is no run, no cache, or nothing was noted.

    Raises: DataError for a cache that cannot be read.
    """
    if path.is_file():
        return ()
    folder = RunFolder(path)
    info = folder.info()
    cache = Path(info.cache) if info.cache else folder.calls_path
    if not cache.is_file():
        return ()
    try:
        with closing(read_only(cache)) as connection:
            return tuple(calls_of(connection, info.run_id, record_id))
    except sqlite3.DatabaseError as error:
        raise DataError(f"{cache}: the call cache cannot be read ({error})") from error
