"""A database for what memory should not hold: SQLite keeps what fits in its cache there and the rest in a file without a name."""

from __future__ import annotations

import sqlite3


def scratch(cache_kb: int) -> sqlite3.Connection:
    """An empty one in an open transaction; its file goes when it is closed, or when nobody holds it any more."""
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    connection.executescript(
        f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-{cache_kb}; BEGIN;"
    )
    return connection
