"""The tables of the side index: records, a row of facts per turn, and the words.

A fact has a column of its own, made when it is first met, so that a filter of several facts goes over one table. Words of a record that was replaced stay behind in the full-text table and lead
nowhere: SQLite removes single texts from a table without contents only from version 3.43 on.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Lock

from tactful.runs.store.files import make_private_file
from tactful.viewer.filters.grammar import type_of
from tactful.viewer.types import Fact, Scalar

VERSION = "1"
MOST_FACTS = 400
"""Columns; what comes after them is not indexed."""
_SCHEMA = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE records (ordinal INTEGER PRIMARY KEY, stamp BLOB NOT NULL, doc INTEGER NOT NULL UNIQUE)",
    "CREATE TABLE facts (place INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, types TEXT NOT NULL)",
    "CREATE TABLE units (unit INTEGER PRIMARY KEY, ordinal INTEGER NOT NULL, doc INTEGER NOT NULL, line INTEGER, turn INTEGER)",
    "CREATE INDEX units_of ON units (ordinal)",
    "CREATE INDEX units_said ON units (doc, ordinal)",
    "CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize='unicode61 remove_diacritics 0')",
)
OTHER_REWARD = "other_reward"
COUNTED = "SELECT (SELECT count(*) FROM records) - (SELECT count(*) FROM about WHERE name = 'roads')"
"""How many records can be found; one fewer while what their branches got is not told."""
Unit = tuple[int | None, int | None, Mapping[str, Scalar]]
"""(line, turn, facts); line and turn are None where the record has no turns."""


def column(place: int) -> str:
    """The column of a fact."""
    return f"f{place}"


_NAMES = Lock()
"""SQLite opens the log and the shared memory of an index by their names, when it first reads. Were these files replaced between
the opening and that, the connection would cut off memory that others of this process use, which ends the process."""
_FIRST_READ = "SELECT count(*) FROM {}.sqlite_master"


def open_index(path: Path, *, writing: bool = False) -> sqlite3.Connection:
    """A connection, for this thread or another; may wait for a writer, never for a reader.

    Raises: sqlite3.DatabaseError for what is no index, or damaged at its head.
    """
    with _NAMES:
        make_private_file(path)
        connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        try:
            if writing:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=OFF")  # what a crash spoils is built again
                connection.execute("PRAGMA cache_size=-8000")
            else:
                connection.execute("PRAGMA query_only=1")
                column_functions(connection)
            connection.execute(_FIRST_READ.format("main")).fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def attach(connection: sqlite3.Connection, path: Path, name: str) -> None:
    """Let a connection read an index too, as `name`."""
    with _NAMES:
        connection.execute(f"ATTACH ? AS {name}", (f"{path}",))
        connection.execute(_FIRST_READ.format(name)).fetchone()


def prepare(path: Path, identity: str) -> None:
    """Keep the index where it is of this run; else begin a new one, in place where it can be read meanwhile."""
    wanted = f"{VERSION} {identity}"
    try:
        _begin(path, wanted)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and not _is_of_its_content(error):
            raise  # locked, or no space
        discard(path)
        _begin(path, wanted)


def _begin(path: Path, wanted: str) -> None:
    """Empty it and make its tables, unless it is what is wanted."""
    with closing(open_index(path, writing=True)) as connection:
        try:
            found = connection.execute("SELECT value FROM about WHERE name = 'identity'").fetchone()
            if found == (wanted,):
                return
        except sqlite3.OperationalError as error:
            if not _is_of_its_content(error):
                raise
        if connection.execute("PRAGMA encoding").fetchone() != ("UTF-8",):
            raise sqlite3.DatabaseError("no index of a viewer")
        connection.execute("BEGIN IMMEDIATE")
        tables = connection.execute(
            "SELECT type, replace(name, '\"', '\"\"') FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite^_%' ESCAPE '^' "
            "ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'"  # with which the tables go that it keeps its words in
        ).fetchall()
        for kind, name in tables:
            connection.execute(f'DROP {kind} IF EXISTS "{name}"')
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO about VALUES ('identity', ?)", (wanted,))
        connection.execute("COMMIT")


def _is_of_its_content(error: sqlite3.OperationalError) -> bool:
    """Whether it comes of what is in the file, such as a table that is missing, and not of its being locked.

    Python's own errors have no code: a text that is no UTF-8.
    """
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) == sqlite3.SQLITE_ERROR


def discard(path: Path) -> None:
    """Remove an index that is damaged."""
    with _NAMES:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)


def column_functions(connection: sqlite3.Connection) -> None:
    """Make known to a connection what conditions of filters call."""
    connection.create_function("folded", 1, _folded, deterministic=True)


def known_facts(connection: sqlite3.Connection, schema: str = "main") -> dict[str, tuple[str, Fact]]:
    """Name → column and types, by name."""
    found = connection.execute(f"SELECT place, name, types FROM {schema}.facts ORDER BY name").fetchall()  # noqa: S608
    return {
        name: (column(place), Fact.model_validate({"name": name, "types": told.split(",")}))
        for place, name, told in found
    }


class Writer:
    """Adds and removes records. One at a time: whoever builds holds the folder's lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        found = connection.execute("SELECT place, name, types FROM facts").fetchall()
        self._columns = {name: place for place, name, _ in found}
        self._types = {name: set(types.split(",")) for _, name, types in found}
        said = "SELECT max(rowid) AS doc FROM words UNION ALL SELECT max(doc) FROM records"
        self._doc = connection.execute(f"SELECT coalesce(max(doc), 0) FROM ({said})").fetchone()[0]  # noqa: S608

    def add(self, ordinal: int, stamp: bytes, text: str, units: Iterable[Unit]) -> None:
        """A record, in place of what stood there."""
        self.remove((ordinal,))
        self._doc += 1
        self._connection.execute("INSERT INTO records VALUES (?,?,?)", (ordinal, stamp, self._doc))
        self._connection.execute("INSERT INTO words (rowid, text) VALUES (?,?)", (self._doc, text))
        for line, turn, facts in units:
            held = {place: value for name, value in facts.items() if (place := self._place(name, value)) >= 0}
            marks = ",".join("?" * (len(held) + 4))
            columns = "".join(f",{column(place)}" for place in held)
            self._connection.execute(
                f"INSERT INTO units (ordinal, doc, line, turn{columns}) VALUES ({marks})",  # noqa: S608
                (ordinal, self._doc, line, turn, *held.values()),
            )

    def remove(self, ordinals: Sequence[int]) -> None:
        """Forget the records at these places."""
        for ordinal in ordinals:
            if self._connection.execute("DELETE FROM records WHERE ordinal = ?", (ordinal,)).rowcount:
                self._connection.execute("DELETE FROM units WHERE ordinal = ?", (ordinal,))

    def change_roads(self) -> None:
        """Note that records change: what their branches got is to be told again, and what was made of them is of before."""
        self._connection.execute("INSERT OR IGNORE INTO about VALUES ('roads', 'changed')")
        self._connection.execute("INSERT OR REPLACE INTO about VALUES ('edition', ?)", (str(time.time_ns()),))

    def tell_roads_not_taken(self) -> None:
        """Give each turn of a mainline the best reward of the branches that were played from it, as `other_reward`, where
        records changed."""
        if self._connection.execute("SELECT 1 FROM about WHERE name = 'roads'").fetchone():
            self._tell_roads()
            self._connection.execute("DELETE FROM about WHERE name = 'roads'")

    def _tell_roads(self) -> None:
        if not {"parent", "branched", "reward", "turn_id", "turn"} <= self._columns.keys():
            return
        self._place(OTHER_REWARD, 0.0)
        names = ("parent", "branched", "reward", "turn_id", "turn", OTHER_REWARD)
        parent, branched, reward, own, turn, other = (column(self._columns[name]) for name in names)
        self._connection.execute(f"CREATE INDEX IF NOT EXISTS units_from ON units ({parent}, {turn})")
        self._connection.execute(
            f"UPDATE units SET {other} = (SELECT max(b.{reward}) FROM units b WHERE b.{parent} = units.{own} "  # noqa: S608
            f"AND b.{turn} = units.{turn} AND b.{branched} = 1) WHERE {parent} IS NULL"
        )

    def _place(self, name: str, value: Scalar) -> int:
        """Of the fact's column; -1 where there is no room for one more."""
        kind = type_of(value)
        place = self._columns.get(name)
        if place is None:
            place = len(self._columns)
            if place >= MOST_FACTS:
                return -1
            self._connection.execute(f"ALTER TABLE units ADD COLUMN {column(place)}")
            self._connection.execute("INSERT INTO facts VALUES (?,?,?)", (place, name, kind))
            self._columns[name], self._types[name] = place, {kind}
        elif kind not in self._types[name]:
            self._types[name].add(kind)
            told = ",".join(sorted(self._types[name]))
            self._connection.execute("UPDATE facts SET types = ? WHERE name = ?", (told, name))
        return place


def _folded(value: object) -> str | None:
    return None if value is None else str(value).casefold()
