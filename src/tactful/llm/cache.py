"""The call cache: every answered call, raw, in one SQLite file.

An answer is stored before it is used, so that a killed run never pays twice. Writes go in small groups through one
thread; `put` returns when its group is committed. Each row carries a hash of its own content, which is checked on
reading: SQLite alone does not notice flipped bytes. A damaged row counts as absent and is reported.

An ordinary rowid table with a unique key: WITHOUT ROWID was measured 2–4 times slower and larger.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import sqlite3
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self
from urllib.parse import quote

import orjson

from tactful.errors import StopRun, UserError
from tactful.llm.meter import asker
from tactful.types import Message

_log = logging.getLogger(__name__)
_VERSION = 1
_GATHER_S = 0.002
"""How long a group of writes is gathered before it is committed."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, at REAL NOT NULL,
    invalid INTEGER NOT NULL DEFAULT 0, digest BLOB NOT NULL,
    usage BLOB NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_SIDE_TABLES = (
    "CREATE TABLE IF NOT EXISTS requests (key BLOB PRIMARY KEY, messages BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS asked (id INTEGER PRIMARY KEY, run TEXT NOT NULL, record TEXT NOT NULL, "
    "key BLOB NOT NULL, UNIQUE (run, record, key))",
)
"""What was sent, and for which record: for whoever looks at a run, never needed to answer a call. They came later than
version 1, whose programs leave them alone."""
_REQUEST = "INSERT OR IGNORE INTO requests (key, messages) VALUES (?, ?)"
_ASKED = "INSERT OR IGNORE INTO asked (run, record, key) VALUES (?, ?, ?)"
_PUT = (
    "INSERT INTO calls (key, model, at, digest, usage, body) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET model = excluded.model, at = excluded.at, digest = excluded.digest, "
    "usage = excluded.usage, body = excluded.body, invalid = 0"
)
_MARK = "UPDATE calls SET invalid = 1 WHERE key = ?"
_GET = "SELECT body, usage, digest, invalid FROM calls WHERE key = ?"
_OF_RECORD = (
    "SELECT calls.model, calls.usage, calls.body, calls.invalid, requests.messages FROM asked "
    "JOIN calls ON calls.key = asked.key LEFT JOIN requests ON requests.key = asked.key "
    "WHERE asked.run = ? AND asked.record = ? ORDER BY asked.id"
)
_USED = "SELECT model, usage FROM calls"
_PUT_FACT = "INSERT OR REPLACE INTO facts (name, digest, value) VALUES (?, ?, ?)"

_Write = tuple[str, tuple[object, ...]]


class Stored(NamedTuple):
    """A stored answer: the raw response body, what it used, and whether it failed validation."""

    body: bytes
    usage: bytes
    """Prompt tokens, completion tokens, and 1 where they are our estimate: `812,64,0`."""
    invalid: bool


class Asked(NamedTuple):
    """A call as it was made for a record."""

    model: str
    messages: tuple[tuple[str, str], ...]
    """(role, content) as sent; empty where they were not kept."""
    body: bytes
    """Of the response, raw."""
    tokens: int
    invalid: bool


class Calls(Protocol):
    """Where the door finds and keeps answered calls: a `CallCache`, or a worker's link to the one that all workers share.

    Whoever finds nothing asks the endpoint, and ends with `put` or `abandon`: others may be waiting for it.
    """

    async def find(self, key: bytes) -> Stored | None:
        """The stored answer, or None: the caller is to ask. Waits while another worker asks the same."""
        ...

    def abandon(self, key: bytes) -> None:
        """The call that was not found was not answered either."""
        ...

    async def put(
        self, key: bytes, body: bytes, *, usage: bytes, model: str, messages: Sequence[Message] = ()
    ) -> None:
        """Store an answer, and what was sent for it; returns when it is safe. Raises StopRun when it cannot be stored."""
        ...

    def note(self, key: bytes) -> None:
        """Note that the running record asked this, be it answered from here."""
        ...

    def mark_invalid(self, key: bytes) -> None:
        """Note that this answer failed validation."""
        ...

    async def find_fact(self, name: str) -> bytes | None:
        """What was found out about an endpoint, or None."""
        ...

    async def put_fact(self, name: str, value: bytes) -> None:
        """Keep what was found out about an endpoint."""
        ...

    def close(self) -> None:
        """Write what is waiting; no call follows."""
        ...


class CallCache:
    """The cache in the file `path`, made when missing (folder 0700, file 0600). Close it, or use `with`.

    Belongs to one event loop at a time; several processes may share the file.

    Raises: UserError when the file is not a call cache or comes from a newer Tactful.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.damaged = 0
        """Rows whose content did not match their hash, so far."""
        self._reader = self._open()
        self._writer = self._connect()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="call-cache")
        self._pending: list[tuple[_Write, asyncio.Future[None] | None]] = []
        self._busy = False

    def __repr__(self) -> str:
        return f"CallCache({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, key: bytes) -> Stored | None:
        """The stored answer, or None when there is none or its row is damaged."""
        try:
            row = self._reader.execute(_GET, (key,)).fetchone()
        except sqlite3.DatabaseError as error:
            self._report(f"cannot be read ({error})")
            return None
        if row is None:
            return None
        body, usage, digest, invalid = row
        if _digest(key, usage, body) != digest:
            self._report("holds an answer whose content does not match its hash")
            return None
        return Stored(body, usage, bool(invalid))

    async def find(self, key: bytes) -> Stored | None:
        """As `get`: within one process the door itself sees to it that equal calls are sent once."""
        return self.get(key)

    def abandon(self, key: bytes) -> None:
        """Nobody waits."""

    async def find_fact(self, name: str) -> bytes | None:
        """As `get_fact`."""
        return self.get_fact(name)

    async def put(
        self, key: bytes, body: bytes, *, usage: bytes, model: str, messages: Sequence[Message] = ()
    ) -> None:
        """Store an answer, and what was sent for it; returns when it is committed. Raises StopRun when it cannot be
        stored."""
        await self.put_packed(key, body, usage=usage, model=model, sent=packed(messages))

    async def put_packed(self, key: bytes, body: bytes, *, usage: bytes, model: str, sent: bytes) -> None:
        """As `put`, with what was sent as `packed` gives it."""
        if sent:
            self._enqueue(((_REQUEST, (key, sent)), None), asyncio.get_running_loop())
        self.note(key)
        await self._write((_PUT, (key, model, time.time(), _digest(key, usage, body), usage, body)))

    def note(self, key: bytes) -> None:
        """Note that the running record asked this, be it answered from here; written with the next group."""
        if (record := asker()) is not None:
            self._enqueue(((_ASKED, (*record, key)), None), asyncio.get_running_loop())

    def mark_invalid(self, key: bytes) -> None:
        """Note that this answer failed validation; written with the next group."""
        self._enqueue(((_MARK, (key,)), None), asyncio.get_running_loop())

    def get_fact(self, name: str) -> bytes | None:
        """What was found out about an endpoint, or None."""
        try:
            row = self._reader.execute("SELECT value, digest FROM facts WHERE name = ?", (name,)).fetchone()
        except sqlite3.DatabaseError as error:
            self._report(f"cannot be read ({error})")
            return None
        if row is None:
            return None
        if _digest(name.encode(), row[0]) != row[1]:
            self._report(f"holds a damaged note '{name}'")
            return None
        return bytes(row[0])

    async def put_fact(self, name: str, value: bytes) -> None:
        """Keep what was found out about an endpoint."""
        await self._write((_PUT_FACT, (name, _digest(name.encode(), value), value)))

    def close(self) -> None:
        """Write what is waiting and close the file. Closing twice is harmless."""
        self._thread.shutdown(wait=True)
        waiting, self._pending = self._pending, []
        with contextlib.suppress(sqlite3.ProgrammingError):  # already closed
            if waiting:
                self._commit([write for write, _ in waiting])
            self._writer.close()
            self._reader.close()

    # ------------------------------------------------------------ writing

    async def _write(self, write: _Write) -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        self._enqueue((write, done), loop)
        await done

    def _enqueue(
        self, item: tuple[_Write, asyncio.Future[None] | None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._pending.append(item)
        if not self._busy:
            self._busy = True
            loop.call_later(_GATHER_S, self._start_group, loop)

    def _start_group(self, loop: asyncio.AbstractEventLoop) -> None:
        group, self._pending = self._pending, []
        if not group:  # closed meanwhile
            self._busy = False
            return
        written = loop.run_in_executor(self._thread, self._commit, [write for write, _ in group])
        written.add_done_callback(lambda result: self._end_group(result, group, loop))

    def _end_group(
        self,
        result: asyncio.Future[None],
        group: list[tuple[_Write, asyncio.Future[None] | None]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        error = None if result.cancelled() else result.exception()
        for _, done in group:
            if done is None or done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(
                    StopRun(f"{self.path}: an answer cannot be stored ({error}); free space and resume")
                )
        if self._pending:
            loop.call_later(_GATHER_S, self._start_group, loop)
        else:
            self._busy = False

    def _commit(self, writes: list[_Write]) -> None:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for statement, values in writes:
                self._writer.execute(statement, values)
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise

    # ------------------------------------------------------------ the file

    def _open(self) -> sqlite3.Connection:
        connection = None
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = self._connect()
            self._prepare(connection)
        except OSError as error:
            raise UserError(
                f"{self.path}: the call cache cannot be opened ({error.strerror}); choose another --cache"
            ) from error
        except sqlite3.DatabaseError as error:
            if connection is not None:
                connection.close()
            raise UserError(
                f"{self.path}: not a call cache ({error}); move it away or choose another --cache"
            ) from error
        except UserError:
            if connection is not None:
                connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables in a new file. Raises UserError for a file of another version."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
        elif version != _VERSION:
            raise UserError(
                f"{self.path}: a call cache of version {version}, this Tactful reads {_VERSION}; "
                "upgrade Tactful or choose another --cache"
            )
        for statement in _SIDE_TABLES:
            connection.execute(statement)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30.0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _report(self, problem: str) -> None:
        self.damaged += 1
        if self.damaged == 1:
            _log.warning("%s: the call cache %s; such calls are asked again", self.path, problem)


def packed(messages: Sequence[Message]) -> bytes:
    """Messages as the cache keeps them; empty for none."""
    if not messages:
        return b""
    return zlib.compress(orjson.dumps([(message.role, message.content) for message in messages]), 1)


def calls_of(connection: sqlite3.Connection, run: str, record: str) -> list[Asked]:
    """The calls that were made for a record, in order; none where the cache is older than these notes."""
    try:
        found = connection.execute(_OF_RECORD, (run, record)).fetchall()
    except sqlite3.OperationalError:
        return []
    return [
        Asked(model, _sent(messages), body, sum(map(int, usage.split(b",")[:2])), bool(invalid))
        for model, usage, body, invalid, messages in found
    ]


def _sent(pressed: bytes | None) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((role, content) for role, content in orjson.loads(zlib.decompress(pressed or b"")))
    except (zlib.error, ValueError):
        return ()


def tokens_used(path: Path) -> dict[str, tuple[int, int]]:
    """Model → prompt and completion tokens of all answers in the cache file; empty where there is none to read."""
    found: dict[str, tuple[int, int]] = {}
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            for model, usage in connection.execute(_USED):
                prompt, completion = map(int, usage.split(b",")[:2])
                before = found.get(model, (0, 0))
                found[model] = before[0] + prompt, before[1] + completion
    except (sqlite3.DatabaseError, ValueError) as error:
        _log.warning("%s: what its answers used cannot be read (%s)", path, error)
    return found


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\x00".join(parts), digest_size=16).digest()
