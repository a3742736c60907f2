"""One thread writes: what comes in while it commits goes into the next commit together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from tactful.database import Store

_R = TypeVar("_R")
_TOGETHER = 512
_GATHERED_S = 0.002
"""More may come in so long, and whoever handed it in goes on first."""
_WAITING = 20_000
"""Writes that may wait: with a database that takes none for long, more are refused, and counted."""


@dataclass(frozen=True)
class Kind:
    """Writes that are alike, and made together: a statement for many rows costs a fraction of as many statements."""

    place: int
    """Among those that wait together, the lower place is written first."""
    write: Callable[[Connection, Sequence[Any]], None]
    """Writes several, in their order."""


@dataclass(frozen=True)
class _Job:
    kind: Kind | None
    """None: it is written by itself, after all that came before it and before all that comes later."""
    what: Any
    done: Future[None]


class Writer:
    """Takes writes from any thread; the future of each is done when it is committed, or holds why it is not."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._ended = False
        self.lost = 0
        """Writes that could not be kept."""
        self._thread = threading.Thread(target=self._work, name="tactful-live-writer", daemon=True)
        self._thread.start()

    def committed(self, write: Callable[[Connection], _R], timeout_s: float = 60.0) -> _R:
        """What `write` gives, once it is committed. Raises: whatever kept it from that; TimeoutError: it may be, later."""
        given: list[_R] = []
        self.put(lambda connection: given.append(write(connection))).result(timeout=timeout_s)
        return given[-1]

    def put(self, write: Callable[[Connection], object]) -> Future[None]:
        """Commit `write` soon. Never blocks and never raises: what cannot be taken is in the future."""
        return self.put_one(None, write)

    def put_one(self, kind: Kind | None, what: Any) -> Future[None]:
        """The same of one among many: the kind's `write` gets `what` with those that wait beside it; no kind: `what` is the write."""
        done: Future[None] = Future()
        if self._ended or self._waiting.qsize() >= _WAITING:
            self.lost += 1
            why = "the writer is closed" if self._ended else "too many writes wait for the database"
            done.set_exception(RuntimeError(why))
        else:
            self._waiting.put(_Job(kind, what, done))
        return done

    def close(self, timeout_s: float = 10.0) -> None:
        """Commit what waits, and end."""
        self._ended = True
        self._waiting.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        for batch in self._batches():
            for job in batch:
                job.done.set_running_or_notify_cancel()  # whoever has gone is told no more; it is written all the same
            try:
                self._commit(batch)
            except Exception:  # one of them, or the database: each alone, so that no one takes others with it
                self._one_by_one(batch)

    def _batches(self) -> Iterator[list[_Job]]:
        jobs = iter(self._waiting.get, None)  # once it has met the end, it stays there
        for first in jobs:
            time.sleep(_GATHERED_S)
            batch = [first]
            while len(batch) < _TOGETHER and not self._waiting.empty():  # nobody else takes from it
                if (more := next(jobs, None)) is None:
                    break
                batch.append(more)
            yield batch

    def _commit(self, batch: Sequence[_Job]) -> None:
        with self._store.write() as connection:
            _write(connection, batch)
        for job in batch:
            if not job.done.cancelled():
                job.done.set_result(None)

    def _one_by_one(self, batch: Sequence[_Job]) -> None:
        for job in batch:
            try:
                self._commit([job])
            except Exception as error:
                self.lost += 1
                if not job.done.cancelled():
                    job.done.set_exception(error)


def _write(connection: Connection, batch: Sequence[_Job]) -> None:
    alike: dict[Kind, list[Any]] = {}

    def flush() -> None:
        for kind in sorted(alike, key=lambda one: one.place):
            kind.write(connection, alike[kind])
        alike.clear()

    for job in batch:
        if job.kind is not None:
            alike.setdefault(job.kind, []).append(job.what)
            continue
        flush()
        job.what(connection)
    flush()
