"""Rows that belong to one conversation, gathered wherever they stand: few in memory, many in a file that SQLite removes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import orjson

from tactful.data.scratch import scratch

_CACHE_KB = 16_000


def gathered(rows: Iterable[tuple[int, str, float, Any]]) -> Iterator[tuple[int, str, list[Any]]]:
    """(place of the first row, key, rows by time) of every key, in the order of their first rows.

    `rows` are (place, key, seconds since 1970 or 0, row); rows of equal times stay in their order.
    """
    with closing(scratch(_CACHE_KB)) as store:
        store.execute("CREATE TABLE groups (id INTEGER PRIMARY KEY, key TEXT UNIQUE, first INTEGER)")
        store.execute(
            "CREATE TABLE rows (id INTEGER, at REAL, seq INTEGER, row BLOB, PRIMARY KEY (id, at, seq)) WITHOUT ROWID"
        )
        for seq, (number, key, at, row) in enumerate(rows):
            store.execute("INSERT OR IGNORE INTO groups (key, first) VALUES (?, ?)", (key, number))
            store.execute(
                "INSERT INTO rows SELECT id, ?, ?, ? FROM groups WHERE key = ?",
                (at, seq, orjson.dumps(row, default=str), key),
            )
        for id, key, first in store.execute("SELECT id, key, first FROM groups ORDER BY id"):
            found = store.execute("SELECT row FROM rows WHERE id = ? ORDER BY at, seq", (id,))
            yield first, key, [orjson.loads(row) for (row,) in found]
