"""Reads the source beside the event loop: a source that waits for a pipe holds up no reply."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from pydantic import BaseModel

_PARTING_S = 1.0
"""How long the end of a run waits for a source to be closed; one that waits for a pipe is left to itself."""


class Reader:
    """The records of a source in order, at most `ahead` of whoever takes them. Iterated and closed in one thread.

    `pop` and `wait` belong to the event loop that called `start`. No lock is taken for a record: each side first says
    what it does (a record is there; somebody waits) and looks at the other after that.
    """

    def __init__(self, source: Iterable[BaseModel], *, ahead: int, limit: int | None) -> None:
        self._source = source
        self._limit = limit
        self._ahead = ahead
        self._records: deque[BaseModel] = deque()
        self._room = threading.Event()
        self._stopped = False
        self._over = False
        self._error: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._awaited = False
        self._thread = threading.Thread(target=self._read, name="tactful-source", daemon=True)
        self.at_end = False
        """The source has no more records."""

    def start(self) -> None:
        """Begin to read."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def pop(self) -> BaseModel | None:
        """The next record; None where none is at hand."""
        if not self._records:
            return None
        record = self._records.popleft()
        if not self._records:
            self._room.set()
        return record

    async def wait(self) -> bool:
        """Until a record is at hand; False when there is none to come. Raises: what the source raised."""
        assert self._loop is not None
        while not self._records and not self._stopped:
            if self._over:
                if self._error is not None and not self._records:
                    raise self._error
                break
            self._news.clear()
            self._awaited = True
            if not self._records and not self._over:
                await self._news.wait()
        return bool(self._records) and not self._stopped

    def stop(self) -> None:
        """No more records are wanted; whoever waits for one is told that there is none. From the loop's thread."""
        self._stopped = True
        self._room.set()
        self._news.set()

    def close(self) -> None:
        """Stop, and wait until the source is closed, unless it is waiting itself."""
        self._stopped = True
        self._room.set()
        if self._thread.ident is not None:
            self._thread.join(_PARTING_S)
        else:  # a run that never came to read it
            _close(self._source)

    # ------------------------------------------------------------ the other thread

    def _read(self) -> None:
        try:
            iterator = iter(self._source)
            try:
                self._hand_over(iterator.__next__)
            finally:
                _close(iterator)
        except BaseException as error:
            self._error = error
        self._over = True
        self._tell()

    def _hand_over(self, take: Callable[[], BaseModel]) -> None:
        read = 0
        while not self._stopped and (self._limit is None or read < self._limit):
            try:
                record = take()
            except StopIteration:
                self.at_end = True
                return
            read += 1
            self._records.append(record)
            self._tell()
            if len(self._records) >= self._ahead:
                self._room.clear()
                if self._records and not self._stopped:
                    self._room.wait()

    def _tell(self) -> None:
        if self._awaited and self._loop is not None:
            self._awaited = False
            with suppress(RuntimeError):  # the run is over and its loop closed
                self._loop.call_soon_threadsafe(self._news.set)


def _close(source: object) -> None:
    """A file that was not read to its end is closed."""
    close = getattr(source, "close", None)
    if close is not None:
        close()
