"""Rows that belong to one conversation, gathered wherever they stand: few in memory, many in a file that SQLite removes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from operator import itemgetter
from typing import Any

import orjson

from tactful.data.logs.types import Notes, why
from tactful.data.scratch import scratch

_CACHE_KB = 16_000


def gathered(
    rows: Iterable[tuple[int, str, float | None, Any]], notes: Notes
) -> Iterator[tuple[int, str, list[Any]]]:
    """(place of the first row, key, rows by time) of every key, in the order of their first rows.

    `rows` are (place, key, seconds since 1970 or None, row). Rows of equal times stay in their order, or turn it round
    where the rows of their key run newest first; one of an unknown time stays behind the row before it. One that cannot be
    kept, as where it is nested too deeply, is noted.
    """
    with closing(scratch(_CACHE_KB)) as store:
        store.execute("CREATE TABLE groups (id INTEGER PRIMARY KEY, key TEXT UNIQUE, first INTEGER)")
        store.execute(
            "CREATE TABLE rows (id INTEGER, seq INTEGER, at REAL, row BLOB, PRIMARY KEY (id, seq)) WITHOUT ROWID"
        )
        for seq, (number, key, at, row) in enumerate(rows):
            try:
                kept = orjson.dumps(row, default=str)
            except orjson.JSONEncodeError as error:
                notes.bad(number, why(error))
                continue
            store.execute("INSERT OR IGNORE INTO groups (key, first) VALUES (?, ?)", (key, number))
            store.execute(
                "INSERT INTO rows SELECT id, ?, ?, ? FROM groups WHERE key = ?",
                (seq, at, kept, key),
            )
        for id, key, first in store.execute("SELECT id, key, first FROM groups ORDER BY id"):
            found = store.execute("SELECT at, row FROM rows WHERE id = ? ORDER BY seq", (id,))
            yield first, key, _by_time([(at, orjson.loads(row)) for at, row in found])


def _by_time(rows: list[tuple[float | None, Any]]) -> list[Any]:
    known = [at for at, _ in rows if at is not None]
    if known and known[0] > known[-1] and all(one >= next_one for one, next_one in pairwise(known)):
        rows.reverse()
    last = float("-inf")
    timed = []
    for at, row in rows:
        last = last if at is None else at
        timed.append((last, row))
    return [row for _, row in sorted(timed, key=itemgetter(0))]
