"""The call cache: every answered call, raw, in one SQLite file.

An answer is stored before it is used, so that a killed run never pays twice. What comes up in one turn of the loop is
committed together, in the loop: only a checkpoint waits for the disk, and handing rows to a thread costs more than
committing them. Each row carries a hash of its own content, which is checked on reading: SQLite alone does not notice
flipped bytes. A damaged row counts as absent and is reported.

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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, Self
from urllib.parse import quote

import orjson

from tactful.errors import StopRun, UserError
from tactful.llm.spending.meter import asker
from tactful.types import Message

_log = logging.getLogger(__name__)
_VERSION = 1
_WORTH_PRESSING = 1024
"""Bytes of messages; shorter ones are kept as they are."""
_PRESS_MEMORY = 6
"""Of zlib: with its default (8) it takes longer to get its memory than to press a prompt."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, model TEXT NOT NULL, at REAL NOT NULL,
    invalid INTEGER NOT NULL DEFAULT 0, digest BLOB NOT NULL,
    usage BLOB NOT NULL, body BLOB NOT NULL, messages BLOB);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, digest BLOB NOT NULL, value BLOB NOT NULL);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_ASKED_TABLE = (
    "CREATE TABLE IF NOT EXISTS asked (id INTEGER PRIMARY KEY, run TEXT NOT NULL, record TEXT NOT NULL, "
    "key BLOB NOT NULL, UNIQUE (run, record, key))"
)
"""For which record a call was made. As `calls.messages`, what was sent, it is for whoever looks at a run, never needed
to answer a call. Both came later than version 1, whose programs leave them alone."""
_ASKED = "INSERT OR IGNORE INTO asked (run, record, key) VALUES (?, ?, ?)"
_PUT = (
    "INSERT INTO calls (key, model, at, digest, usage, body, messages) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET model = excluded.model, at = excluded.at, digest = excluded.digest, "
    "usage = excluded.usage, body = excluded.body, messages = excluded.messages, invalid = 0"
)
_MARK = "UPDATE calls SET invalid = 1 WHERE key = ?"
_GET = "SELECT body, usage, digest, invalid FROM calls WHERE key = ?"
_OF_RECORD = (
    "SELECT calls.model, calls.usage, calls.body, calls.invalid, calls.messages FROM asked "
    "JOIN calls ON calls.key = asked.key WHERE asked.run = ? AND asked.record = ? ORDER BY asked.id"
)
_USED = "SELECT model, usage FROM calls"
_SINCE = (
    "SELECT asked.record, calls.key, calls.model, calls.usage FROM calls JOIN asked ON asked.key = calls.key "
    "WHERE asked.run = ? AND calls.at >= ?"
)
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
        self._connection = self._open()
        self._pending: list[_Write] = []
        self._waiting: list[asyncio.Future[None]] = []

    def __repr__(self) -> str:
        return f"CallCache({str(self.path)!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def get(self, key: bytes) -> Stored | None:
        """The stored answer, or None when there is none or its row is damaged."""
        try:
            row = self._connection.execute(_GET, (key,)).fetchone()
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
        self.note(key)
        digest = _digest(key, usage, body)
        await self._write(_PUT, (key, model, time.time(), digest, usage, body, sent or None))

    def note(self, key: bytes) -> None:
        """Note that the running record asked this, be it answered from here; committed in this turn of the loop."""
        if (record := asker()) is not None:
            self._add(_ASKED, (*record, key))

    def mark_invalid(self, key: bytes) -> None:
        """Note that this answer failed validation; committed in this turn of the loop."""
        self._add(_MARK, (key,))

    def get_fact(self, name: str) -> bytes | None:
        """What was found out about an endpoint, or None."""
        try:
            row = self._connection.execute(
                "SELECT value, digest FROM facts WHERE name = ?", (name,)
            ).fetchone()
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
        await self._write(_PUT_FACT, (name, _digest(name.encode(), value), value))

    def close(self) -> None:
        """Write what is waiting and close the file. Closing twice is harmless."""
        if self._pending:
            self._commit()
        self._connection.close()

    # ------------------------------------------------------------ writing

    def _write(self, statement: str, values: tuple[object, ...]) -> asyncio.Future[None]:
        """As `_add`; done when it is committed."""
        committed = asyncio.get_running_loop().create_future()
        self._add(statement, values)
        self._waiting.append(committed)
        return committed

    def _add(self, statement: str, values: tuple[object, ...]) -> None:
        """Write this with whatever else comes up in this turn of the loop."""
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._commit)
        self._pending.append((statement, values))

    def _commit(self) -> None:
        writes, self._pending = self._pending, []
        waiting, self._waiting = self._waiting, []
        error = self._transact(writes)
        for committed in waiting:
            if committed.done():  # cancelled
                continue
            if error is None:
                committed.set_result(None)
            else:
                committed.set_exception(error)

    def _transact(self, writes: list[_Write]) -> StopRun | None:
        """All or none of the writes; what to tell those that wait for them, where it is none."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, values in writes:
                self._connection.execute(statement, values)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            return StopRun(f"{self.path}: an answer cannot be stored ({error}); free space and resume")
        return None

    # ------------------------------------------------------------ the file

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(
                self.path, timeout=30.0, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA synchronous = NORMAL")
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        except OSError as error:
            raise UserError(
                f"{self.path}: the call cache cannot be opened ({error.strerror}); choose another --cache"
            ) from error
        except sqlite3.OperationalError as error:  # the file may be in order, its place is not
            raise UserError(
                f"{self.path}: the call cache cannot be opened ({error}); check that it can be written and the free "
                "space, or choose another --cache"
            ) from error
        except sqlite3.DatabaseError as error:
            raise UserError(
                f"{self.path}: not a call cache ({error}); move it away or choose another --cache"
            ) from error
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
        connection.execute(_ASKED_TABLE)
        if not _has_messages(connection):
            _add_messages(connection)

    def _report(self, problem: str) -> None:
        self.damaged += 1
        if self.damaged == 1:
            _log.warning("%s: the call cache %s; such calls are asked again", self.path, problem)


def _has_messages(connection: sqlite3.Connection) -> bool:
    return any(column[1] == "messages" for column in connection.execute("PRAGMA table_info(calls)"))


def _add_messages(connection: sqlite3.Connection) -> None:
    """What was sent stood in a table of its own once, and was not kept at all before that."""
    connection.execute("BEGIN IMMEDIATE")
    if not _has_messages(connection):  # another process may have been faster
        connection.execute("ALTER TABLE calls ADD COLUMN messages BLOB")
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'requests'").fetchone():
            connection.execute(
                "UPDATE calls SET messages = (SELECT messages FROM requests WHERE requests.key = calls.key)"
            )
    connection.execute("COMMIT")


def packed(messages: Sequence[Message]) -> bytes:
    """Messages as the cache keeps them, pressed where they are long; empty for none."""
    if not messages:
        return b""
    text = orjson.dumps([(message.role, message.content) for message in messages])
    if len(text) < _WORTH_PRESSING:
        return text
    press = zlib.compressobj(level=1, memLevel=_PRESS_MEMORY)
    return press.compress(text) + press.flush()


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


def _sent(kept: bytes | None) -> tuple[tuple[str, str], ...]:
    try:
        text = kept if kept and kept.startswith(b"[") else zlib.decompress(kept or b"")
        return tuple((role, content) for role, content in orjson.loads(text))
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


def tokens_since(
    path: Path, run: str, at: float, passed_over: Callable[[str], bool]
) -> dict[str, tuple[int, int]]:
    """As `tokens_used`, of the answers that came to `run` since a moment and that no record which is `passed_over`
    asked for; empty where the cache is older than the notes who asked."""
    asked: dict[bytes, tuple[str, int, int]] = {}
    others: set[bytes] = set()
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            for record, key, model, usage in connection.execute(_SINCE, (run, at)):
                prompt, completion = map(int, usage.split(b",")[:2])
                asked[key] = model, prompt, completion
                if passed_over(record):
                    others.add(key)
    except (sqlite3.DatabaseError, ValueError):  # `tokens_used` says so
        return {}
    found: dict[str, tuple[int, int]] = {}
    for key, (model, prompt, completion) in asked.items():
        if key not in others:
            before = found.get(model, (0, 0))
            found[model] = before[0] + prompt, before[1] + completion
    return found


def _digest(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\x00".join(parts), digest_size=16).digest()
