"""The tables of `run.sqlite` and how an older file becomes a present one: all steps in one transaction."""

from __future__ import annotations

import sqlite3

from tactful.errors import DataError

_VERSION_1 = (
    """
    CREATE TABLE results (
        ordinal INTEGER PRIMARY KEY,     -- place in the input; negative: no longer in the input
        record_id TEXT NOT NULL UNIQUE,
        record_hash TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('done', 'failed', 'skipped')),
        outputs INTEGER NOT NULL,
        unscored INTEGER NOT NULL,
        stage TEXT NOT NULL,
        error TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        calls INTEGER NOT NULL,          -- usage of all attempts
        cached INTEGER NOT NULL,
        prompt_tokens INTEGER NOT NULL,
        completion_tokens INTEGER NOT NULL,
        cost_usd REAL,                   -- NULL: price unknown
        estimated INTEGER NOT NULL,
        elapsed_s REAL NOT NULL,
        row_hash BLOB NOT NULL,          -- over all other columns
        lines BLOB NOT NULL              -- the outputs as JSON lines; last, so that sums do not read them
    )
    """,
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
)

_VERSION_2 = ("CREATE INDEX results_not_done ON results (state, stage, error, reason) WHERE state <> 'done'",)
"""`runs show` groups the failures of a large run without reading all of it."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2)
"""Step i brings a file from version i to version i + 1. Never edit a step that was released: add one."""


def upgrade(connection: sqlite3.Connection, path: object) -> None:
    """Bring the file to the present version. Killed midway, it is the old version still.

    `connection` must be in autocommit mode. Raises: DataError for a file of a newer Tactful.
    """
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = refuse_newer(connection, path)
        for step in MIGRATIONS[found:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def refuse_newer(connection: sqlite3.Connection, path: object) -> int:
    """The version of the file; every one that we know can be read as it is.

    Raises: DataError for a file of a newer Tactful.
    """
    found = _version(connection)
    if found > len(MIGRATIONS):
        raise DataError(
            f"{path}: written by a newer Tactful (schema {found}, this one knows {len(MIGRATIONS)}); "
            "upgrade tactful to open this run"
        )
    return found


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
