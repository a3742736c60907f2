"""One thread writes: what comes in while it commits goes into the next commit together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress

from sqlalchemy import Connection

from tactful.database import Store

Write = Callable[[Connection], None]
_TOGETHER = 512
_GATHERED_S = 0.002
"""More may come in so long, and whoever handed it in goes on first."""
_WAITING = 20_000
"""Writes that may wait: with a database that takes none for long, more are refused, and counted."""


class Writer:
    """Takes writes from any thread; the future of each is done when it is committed, or holds why it is not."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.Queue[tuple[Write, Future[None]] | None] = queue.Queue(_WAITING)
        self._ended = False
        self.lost = 0
        """Writes that could not be kept."""
        self._thread = threading.Thread(target=self._work, name="tactful-live-writer", daemon=True)
        self._thread.start()

    def put(self, write: Write) -> Future[None]:
        """Commit `write` soon. Never blocks and never raises: what cannot be taken is in the future."""
        done: Future[None] = Future()
        try:
            if self._ended:
                raise RuntimeError("the writer is closed")
            self._waiting.put_nowait((write, done))
        except (queue.Full, RuntimeError) as error:
            self.lost += 1
            done.set_exception(error if str(error) else RuntimeError("too many writes wait for the database"))
        return done

    def close(self, timeout_s: float = 10.0) -> None:
        """Commit what waits, and end."""
        self._ended = True
        with suppress(queue.Full):
            self._waiting.put(None, timeout=timeout_s)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        for batch in self._batches():
            for _, done in batch:
                done.set_running_or_notify_cancel()  # whoever has gone is told no more; it is written all the same
            try:
                with self._store.write() as connection:
                    for write, _ in batch:
                        write(connection)
            except (
                Exception
            ):  # one of them, or the database: each alone, so that no one takes the others with it
                self._one_by_one(batch)
            else:
                for _, done in batch:
                    if not done.cancelled():
                        done.set_result(None)

    def _batches(self) -> Iterator[list[tuple[Write, Future[None]]]]:
        while (first := self._waiting.get()) is not None:
            time.sleep(_GATHERED_S)
            batch = [first]
            ended = False
            while len(batch) < _TOGETHER:
                try:
                    more = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    ended = True
                    break
                batch.append(more)
            yield batch
            if ended:
                return

    def _one_by_one(self, batch: list[tuple[Write, Future[None]]]) -> None:
        for write, done in batch:
            try:
                with self._store.write() as connection:
                    write(connection)
            except Exception as error:
                self.lost += 1
                if not done.cancelled():
                    done.set_exception(error)
            else:
                if not done.cancelled():
                    done.set_result(None)
