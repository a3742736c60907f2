"""The state of a run in `run.sqlite`: one row per record, with its outputs and what it cost, in one transaction.

WAL with `synchronous=NORMAL`: a killed process loses nothing that was committed, and results that finish in the
same turn of the event loop share a commit. SQLite does not notice flipped bytes in a row's content, so each row
carries a hash of its columns, checked whenever it is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import orjson

from tactful.errors import DataError, UserError
from tactful.llm.types import Usage
from tactful.runs.result import RowState
from tactful.runs.store.files import make_private_file
from tactful.runs.store.rows import COLUMNS, Row, packed, unpacked
from tactful.runs.store.schema import refuse_newer, upgrade

_INSERT = f"INSERT OR REPLACE INTO results ({COLUMNS}) VALUES ({','.join('?' * 20)})"  # noqa: S608
_SELECT = f"SELECT {COLUMNS} FROM results"  # noqa: S608

Order = Literal["order", "id", "state", "cost", "elapsed", "tokens"]
_ORDERS: Mapping[Order, str] = {
    "order": "ordinal",
    "id": "record_id",
    "state": "state",
    "cost": "cost_usd",
    "elapsed": "elapsed_s",
    "tokens": "prompt_tokens + completion_tokens",
}


@dataclass(frozen=True)
class Counts:
    """How many records of the input are in which state."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    unscored: int = 0
    """Among the done."""
    absent: int = 0
    """Stored, but no longer in the input; in no other count."""

    @property
    def read(self) -> int:
        """done + failed + skipped."""
        return self.done + self.failed + self.skipped

    @property
    def of_input(self) -> dict[str, int]:
        """By name: `read`, `done`, `failed`, `skipped`, `unscored`."""
        return {name: getattr(self, name) for name in ("read", "done", "failed", "skipped", "unscored")}


class RunState:
    """The open `run.sqlite`. One writer (the run folder's lock sees to it), any number of readers."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        connection.text_factory = _text
        self._path = path
        self._told = _Told(path)
        self._pending: list[tuple[Any, ...]] = []
        self._committed: asyncio.Future[None] | None = None

    @classmethod
    def create(cls, path: Path) -> Self:
        """Open for writing; creates the file and upgrades an older one."""
        make_private_file(path)
        with _Told(path):
            connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                upgrade(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open for reading, also while a run is writing, also where nothing may be written."""
        if not path.is_file():
            raise DataError(f"{path}: no such file; the run folder is incomplete, start the run again")
        with _Told(path):
            connection = read_only(path)
            try:
                if refuse_newer(connection, path) == 0:
                    raise DataError(
                        f"{path}: holds no results; the run folder is incomplete, start the run again"
                    )
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    # ------------------------------------------------------------ rows

    def find(self, record_id: str) -> Row | None:
        """The committed row of this record, or None."""
        found = self._one(f"{_SELECT} WHERE record_id=?", record_id)
        return None if found is None else unpacked(found)

    def holds(self, record_id: str) -> bool:
        """Whether a row of this record is committed, also one that was set aside."""
        return self._one("SELECT 1 FROM results WHERE record_id=?", record_id) is not None

    def is_empty(self) -> bool:
        """True while no record is stored, set-aside ones included."""
        return self._one("SELECT 1 FROM results LIMIT 1") is None

    def last_ordinal(self) -> int:
        """Place of the last stored record of the input; -1 when none is stored."""
        found = self._one("SELECT max(ordinal) FROM results")[0]
        return -1 if found is None else max(-1, int(found))

    def rows(self, *states: str) -> Iterator[Row]:
        """The rows of the input in its order, one at a time; only those in `states` if any are named."""
        where = f" AND state IN ({','.join('?' * len(states))})" if states else ""
        with self._told:
            cursor = self._connection.execute(f"{_SELECT} WHERE ordinal >= 0{where} ORDER BY ordinal", states)
            for found in cursor:
                yield unpacked(found)

    def sound_rows(self, *states: str) -> Iterator[Row]:
        """As `rows`. Raises: DataError at a row whose bytes were flipped."""
        for row in self.rows(*states):
            if row.damaged:
                raise DataError(
                    f"{self._path}: the stored result of record '{row.record_id}' does not match its hash "
                    "(bytes were flipped on the disk); run the command again with --resume to take it again"
                )
            yield row

    def add(self, row: Row) -> asyncio.Future[None]:
        """Store `row`; done when it is committed, together with what else finishes in this turn of the loop."""
        self._pending.append(packed(row))
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit_pending, self._committed)
        return self._committed

    def commit(self) -> None:
        """Commit what was added, now."""
        rows, self._pending = self._pending, []
        self._write(rows)

    def _commit_pending(self, committed: asyncio.Future[None]) -> None:
        self._committed = None
        try:
            self.commit()
        except Exception as error:
            if not committed.done():
                committed.set_exception(error)
            return
        if not committed.done():
            committed.set_result(None)

    def _write(self, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            with self._told, self._transaction():
                self._connection.executemany(_INSERT, rows)

    def place(self, row: Row, ordinal: int) -> None:
        """Give a stored row another place in the input; whoever had that place is set aside."""
        with self._told, self._transaction():
            self._set_aside(ordinal)
            self._connection.execute("DELETE FROM results WHERE ordinal=?", (row.ordinal,))
            self._connection.execute(_INSERT, packed(replace(row, ordinal=ordinal)))

    def vacate(self, ordinal: int) -> None:
        """Set aside whoever has this place: the input now holds another record there."""
        with self._told, self._transaction():
            self._set_aside(ordinal)

    def vacate_from(self, ordinal: int) -> None:
        """Set aside all rows from this place on: the input ended before them."""
        for (place,) in self._all("SELECT ordinal FROM results WHERE ordinal>=?", ordinal):
            self.vacate(place)

    def _set_aside(self, ordinal: int) -> None:
        found = self._connection.execute(f"{_SELECT} WHERE ordinal=?", (ordinal,)).fetchone()
        if found is None:
            return
        row = unpacked(found)
        lowest = self._connection.execute("SELECT min(0, min(ordinal)) - 1 FROM results").fetchone()[0]
        self._connection.execute("DELETE FROM results WHERE ordinal=?", (ordinal,))
        if not row.damaged:
            self._connection.execute(_INSERT, packed(replace(row, ordinal=lowest)))

    # ------------------------------------------------------------ places

    def stamps(self, after: int, most: int) -> list[tuple[int, bytes]]:
        """(place, hash of the row) of the next rows after place `after`: what tells whether a row is still the same."""
        query = "SELECT ordinal, row_hash FROM results WHERE ordinal > ? ORDER BY ordinal LIMIT ?"
        return self._all(query, max(-1, after), most)

    def at(self, places: Sequence[int]) -> list[Row]:
        """The rows at these places of the input, in the order asked for; a place that holds none is left out."""
        marks = ",".join("?" * len(places))
        found = self._all(f"{_SELECT} WHERE ordinal IN ({marks})", *places)
        rows = {row.ordinal: row for row in map(unpacked, found)}
        return [rows[place] for place in places if place in rows]

    def places(
        self, where: Mapping[str, str | int], order: Order, *, descending: bool, offset: int, limit: int
    ) -> tuple[list[int], int]:
        """The places of one page of the rows whose columns have these values, and how many such rows there are."""
        condition = "".join(f" AND {column} = ?" for column in where)
        direction = "DESC" if descending else "ASC"
        found = self._all(
            f"SELECT ordinal FROM results WHERE ordinal >= 0{condition} "  # noqa: S608
            f"ORDER BY {_ORDERS[order]} {direction}, ordinal LIMIT ? OFFSET ?",
            *where.values(),
            limit,
            offset,
        )
        if not where:
            return [place for (place,) in found], self.count()
        query = f"SELECT count(*) FROM results WHERE ordinal >= 0{condition}"  # noqa: S608
        return [place for (place,) in found], int(self._one(query, *where.values())[0])

    def count(self) -> int:
        """Rows of the input. Asked so that SQLite counts in its index of ids, a thirtieth of the table."""
        return int(self._one("SELECT count(*) FROM results")[0]) - self._absent()

    def outputs_before(self, place: int) -> tuple[int, int]:
        """Outputs of all records before this place, and of the one at it: where it stands in `records.jsonl`."""
        before, own = self._one(
            "SELECT total(CASE WHEN ordinal < ? THEN outputs END), total(CASE WHEN ordinal = ? THEN outputs END) "
            "FROM results WHERE ordinal BETWEEN 0 AND ? AND state = 'done'",
            *(place, place, place),
        )
        return int(before), int(own)

    def version(self) -> int:
        """Another number once anyone else has written, as long as this stays open."""
        return int(self._one("PRAGMA data_version")[0])

    # ------------------------------------------------------------ sums

    def counts(self) -> Counts:
        """Records by state."""
        found = self._all(
            "SELECT state, count(*), sum(unscored) FROM results WHERE ordinal >= 0 GROUP BY state"
        )
        by_state = {state: count for state, count, _ in found}
        unscored = sum(number for state, _, number in found if state == "done")
        known = {state: by_state.get(state, 0) for state in ("done", "failed", "skipped")}
        return Counts(**known, unscored=unscored, absent=self._absent())  # a damaged row may say anything

    def _absent(self) -> int:
        return int(self._one("SELECT count(*) FROM results WHERE ordinal < 0")[0])

    def usage(self) -> Usage:
        """What all stored records cost, retries and set-aside records included."""
        *numbers, cost, unknown, estimated = self._one(
            "SELECT total(calls), total(cached), total(prompt_tokens), total(completion_tokens), "
            "total(cost_usd), count(*) - count(cost_usd), total(estimated) FROM results"
        )
        calls, cached, prompt_tokens, completion_tokens = map(int, numbers)
        return Usage(
            calls=calls,
            cached=cached,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            cost_usd=None if unknown else cost,
            estimated=bool(estimated),
        )

    def input_hash(self) -> str:
        """Over ids and contents of the input records, in order."""
        digest = hashlib.sha256()
        with self._told:
            for pair in self._connection.execute(
                "SELECT record_id, record_hash FROM results WHERE ordinal >= 0 ORDER BY ordinal"
            ):
                digest.update(orjson.dumps(pair))
        return digest.hexdigest()[:32]

    def reasons(self, state: RowState) -> Iterator[tuple[str, str, str, str]]:
        """(stage, error, reason, record id) of the failed or skipped, without their outputs."""
        with self._told:
            yield from self._connection.execute(
                "SELECT stage, error, reason, record_id FROM results WHERE state=? AND ordinal >= 0", (state,)
            )

    def close(self) -> None:
        """Commit what is pending and close."""
        try:
            self.commit()
        finally:
            self._connection.close()

    def _one(self, query: str, *values: Any) -> Any:
        """The first row that it finds, or None."""
        with self._told:
            return self._connection.execute(query, values).fetchone()

    def _all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._told:
            return self._connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a failed COMMIT may have rolled back already
                self._connection.execute("ROLLBACK")
            raise


def _text(stored: bytes) -> str:
    """A column's text, also where a flipped bit makes it none: then its row does not match its hash."""
    return stored.decode("utf-8", "replace")


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing. SQLite makes files of its own beside the database, and takes them away again when
    the last connection that might write is closed: so one is opened that might, unless a killed run left a WAL, which
    stays as it lies. Where the folder or its disk does not admit such files nobody writes, and the database is taken as it lies, or a
    copy where there is a WAL."""
    place, wal = path.absolute(), path.with_name(path.name + "-wal")
    left = wal.is_file() and wal.stat().st_size > 0
    try:
        return _looked_into(f"{place.as_uri()}?mode={'ro' if left else 'rw'}")
    except sqlite3.OperationalError as error:
        no_room = error.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR"))
        if os.access(path.parent, os.W_OK) and not no_room:
            raise
    if not left:
        return _looked_into(f"{place.as_uri()}?immutable=1")
    with tempfile.TemporaryDirectory(prefix="tactful-") as folder:
        copies = [shutil.copy(file, folder) for file in (place, wal)]
        return _looked_into(f"{Path(copies[0]).as_uri()}?mode=ro")  # SQLite keeps the removed files open


def _looked_into(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


class _Told:
    """Turns what SQLite says into what the user can do. A class, since it is entered for every record."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, sqlite3.DatabaseError):
            return
        code = getattr(error, "sqlite_errorname", "")
        if code.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            raise UserError(
                f"{self._path}: cannot store results ({error}); what was stored before is safe: make room on "
                "the disk, then go on with --resume"
            ) from error
        if isinstance(error, sqlite3.OperationalError):
            raise UserError(f"{self._path}: {error}") from error
        raise DataError(
            f"{self._path}: damaged ({error}); restore it from a copy, or start a new run with --cache pointing "
            "at this run's calls.sqlite, which answers every call that was made"
        ) from error
