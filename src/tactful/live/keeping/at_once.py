"""What a file of SQLite tells in microseconds, so that a decision need not leave the thread of its event loop.

Plain SQL over one connection: all that lies between takes ten times as long as the question. It waits for nobody.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from threading import Lock

from tactful.live.types import Taste

_TASTE = 'SELECT record FROM tastes WHERE "user" = ?'
_META = "SELECT name, value FROM meta WHERE name IN ({})"


class AtOnce:
    """Short questions to a database. They raise sqlite3.Error where it cannot answer at once: then ask it in a thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = Lock()

    def taste(self, user: str) -> Taste | None:
        """What this user (a hash) has shown; None: nothing yet, or nobody is named."""
        rows = self._rows(_TASTE, (user,)) if user else []
        return Taste.model_validate_json(rows[0][0]) if rows else None

    def meta(self, names: Sequence[str]) -> dict[str, str]:
        """Those of them that are kept."""
        return {row[0]: row[1] for row in self._rows(_META.format(",".join("?" * len(names))), names)}

    def _rows(self, question: str, values: Sequence[str]) -> list[tuple[str, ...]]:
        with self._lock:
            return self._connection.execute(question, values).fetchall()

    def close(self) -> None:
        """Let go."""
        with self._lock:
            self._connection.close()
