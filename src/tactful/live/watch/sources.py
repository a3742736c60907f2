"""Where events come from: rows of JSON, a file or pipe of them, a server of ActivityWatch."""

from __future__ import annotations

import asyncio
import heapq
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from tactful.data.activity.pipeline import ActivityOptions, sessions_of
from tactful.data.activity.sources.server import fetch_buckets, server_address
from tactful.data.activity.timeline.sessions import Bounds
from tactful.data.formats.moments import parse_event
from tactful.data.io import STDIN, cannot_read, shorten
from tactful.data.times import oldest_first
from tactful.errors import DataError, UserError
from tactful.types import Event

_log = logging.getLogger(__name__)
MOST_EVENTS = 2_000
"""Of one request."""
LONGEST_TEXT = 20_000
LONGEST_NAME = 200
_WAITING = 10_000
_LONGEST_LINE = 1_000_000
_OVERLAP = timedelta(minutes=30)
_ASKED_EVERY_S = 10.0
_NEVER = datetime.min.replace(tzinfo=UTC)
_MARK = b"\xef\xbb\xbf"
Seen = tuple[str, Event]
"""A person's name (empty: nobody said) and an event."""


def read_row(row: Any, place: str) -> Seen:
    """The event of `{"time": …, "event": …, "user": …}`; `time` and `user` may be left out. Raises: ValueError that names `place`."""
    event = parse_event(row, place)
    if len(event.text) > LONGEST_TEXT or len(event.time) > LONGEST_NAME:
        raise ValueError(f"{place} is longer than {LONGEST_TEXT} characters")
    user = row.get("user", "")
    if not isinstance(user, str) or len(user) > LONGEST_NAME:
        raise ValueError(f"{place} has the user {shorten(user)}, expected a name")
    return user, event


def read_events(body: Any) -> list[Seen]:
    """The events of a request, `{"events": […]}` or one row, oldest first. Raises: ValueError."""
    rows = body.get("events", [body]) if isinstance(body, dict) else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_EVENTS:
        raise ValueError(f"'events' is no list of 1 to {MOST_EVENTS} events")
    if "events" in body and set(body) - {"events", "user"}:
        raise ValueError(f"'{min(set(body) - {'events', 'user'})}' is not known beside 'events'")
    name = body.get("user", "")
    named = [{"user": name, **row} if isinstance(row, dict) else row for row in rows]
    found = [read_row(row, f"'events' (item {at})") for at, row in enumerate(named, 1)]
    users = list(dict.fromkeys(user for user, _ in found))
    return [
        (user, one) for user in users for one in oldest_first([event for who, event in found if who == user])
    ]


class RecordedEvents:
    """The events of a JSONL file, in its order. Rows that cannot be read are counted."""

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self.bad = 0
        self.problem = ""
        """The first of the bad rows, by place."""

    def __iter__(self) -> Iterator[Seen]:
        if self._path == STDIN:
            yield from self._seen(_piped_lines())
            return
        try:
            with open(self._path, "rb") as file:
                yield from self._seen(file)
        except OSError as error:
            raise cannot_read(self._path, error) from error

    def timed(self) -> Iterator[Seen]:
        """The same in the order in which they happened, whoever they are of: a rehearsal goes by their times.

        Raises: DataError at an event without a time that can be read.
        """
        mine: dict[str, list[Event]] = {}
        for number, (user, event) in enumerate(self, 1):
            if event.at is None:
                raise DataError.at(
                    self._path, None, f"event {number} has no time that can be read", fix="give each a 'time'"
                )
            mine.setdefault(user, []).append(event)
        days = [[(user, event) for event in oldest_first(events)] for user, events in mine.items()]
        yield from heapq.merge(*days, key=lambda one: one[1].at or _NEVER)

    def _seen(self, lines: Any) -> Iterator[Seen]:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield read_row(orjson.loads(line.removeprefix(_MARK)), f"{self._path}:{number}")
            except ValueError as error:
                self.bad += 1
                self.problem = self.problem or f"{self._path}:{number}: {error}"


def _piped_lines() -> Iterator[bytes]:
    """Lines of standard input, past its buffer: a thread that waits in there cannot be left behind at the end."""
    try:
        pipe = sys.stdin.fileno()
    except (OSError, ValueError):  # something else stands in for it
        yield from sys.stdin.buffer
        return
    rest = b""
    while part := os.read(pipe, 65_536):
        *lines, rest = (rest + part).split(b"\n")
        yield from lines
        if len(rest) > _LONGEST_LINE:
            yield rest  # no event is so long: it is counted
            rest = b""
    if rest:
        yield rest


async def piped(events: RecordedEvents) -> AsyncIterator[Seen]:
    """The events as they come. They are read in a thread that nobody waits for: a pipe may never end."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Seen | BaseException | None] = asyncio.Queue(_WAITING)

    def put(one: Seen | BaseException | None) -> None:
        asyncio.run_coroutine_threadsafe(waiting.put(one), loop).result()

    def read() -> None:
        try:
            for one in events:
                put(one)
            put(None)
        except RuntimeError:  # the loop has ended
            return
        except Exception as error:
            put(error)

    threading.Thread(target=read, name="tactful-events", daemon=True).start()
    while (one := await waiting.get()) is not None:
        if isinstance(one, BaseException):
            raise one
        yield one


class ActivityServer:
    """What a server of ActivityWatch recorded, told and redacted as `tactful data import activitywatch` does it."""

    def __init__(self, server: str) -> None:
        self._address = server_address(server)
        # Short stretches count as well: what has just begun is short.
        self._options = ActivityOptions(bounds=Bounds(least_s=0.0))
        self._told: datetime | None = None
        self._down = False

    async def events(self) -> AsyncIterator[Seen]:
        """New events for as long as anybody asks. A server that is away is asked again."""
        while True:
            with suppress(UserError):
                for one in await self.new(datetime.now(UTC)):
                    yield one
            await asyncio.sleep(_ASKED_EVERY_S)

    async def new(self, at: datetime) -> list[Seen]:
        """What began since the last call, at the first one: in the last half hour. Raises: UserError where the server is away."""
        since = (self._told or at) - _OVERLAP
        try:
            document = await fetch_buckets(self._address, since=since)
        except UserError as error:
            if not self._down:
                _log.warning("%s", error)
            self._down = True
            raise
        self._down = False
        sessions, _ = await asyncio.to_thread(sessions_of, document, self._options)
        known = self._told or since
        found = [(session.user, event) for session in sessions for event in session.events]
        fresh = [(user, event) for user, event in found if event.at is not None and event.at > known]
        self._told = max((event.at for _, event in fresh if event.at), default=self._told)
        return fresh
