"""Which ids were there already? Few are kept in memory, more on the disk, so that memory does not grow with the input."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

_IN_MEMORY = 50_000
_CACHE_KB = 8_000


class Seen:
    """Ids and the lines where they stood first."""

    def __init__(self) -> None:
        self._few: dict[bytes, int] = {}
        self._many: sqlite3.Connection | None = None

    def first(self, key: str, line: int) -> int:
        """The line where `key` was seen first: `line` itself for a new one, which is kept."""
        digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if self._many is None:
            found = self._few.setdefault(digest, line)
            if len(self._few) >= _IN_MEMORY:
                self._many = _on_disk(self._few)
                self._few.clear()
            return found
        new = self._many.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line)).rowcount
        if new:
            return line
        return int(self._many.execute("SELECT line FROM seen WHERE id=?", (digest,)).fetchone()[0])

    def close(self) -> None:
        """Forget them."""
        if self._many is not None:
            self._many.close()


def _on_disk(few: dict[bytes, int]) -> sqlite3.Connection:
    from tactful.data.scratch import scratch

    connection = scratch(_CACHE_KB)
    connection.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")
    connection.executemany("INSERT INTO seen VALUES (?, ?)", sorted(few.items()))
    return connection
