"""What came of a turn, judged away from the path of requests: one at a time, as many as may wait, and no more."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from tactful.audit.types import Passage
from tactful.live.following.tasks import empty_caches, followed
from tactful.live.keeping.memory import Memory, Observing
from tactful.reading.types import ReaderAtOnce

_WAITING = 2000
_UNFINISHED = 64
_STORED_S = 60.0
_EMPTIED_AFTER = 1000
_log = logging.getLogger(__name__)


class Judging:
    """Judges turns in a thread of its own and has the memory learn from them."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tactful-live-observe")
        self._room = threading.BoundedSemaphore(_WAITING)
        self._unfinished: deque[Observing] = deque()
        self._judged = 0
        self.unjudged = 0
        """Turns of which nothing is learned, since too many waited."""

    def soon(self, advice: str, passage: Passage, reader: ReaderAtOnce) -> None:
        """Judge what came of the turn with this advice."""
        if self._room.acquire(blocking=False):
            self._thread.submit(self._judge, advice, passage, reader)
        else:
            self.unjudged += 1

    def _judge(self, advice: str, passage: Passage, reader: ReaderAtOnce) -> None:
        try:
            found = followed(passage, reader)
            self._unfinished.append(self._memory.observing(advice, found, "read", datetime.now(UTC)))
        except Exception as error:
            _log.warning("what came of a turn was not learned: %s", type(error).__name__)
        finally:
            self._room.release()
        self._finish(_UNFINISHED)
        self._judged += 1
        if self._judged % _EMPTIED_AFTER == 0:
            empty_caches()

    def _finish(self, leave: int) -> None:
        """See to what is stored by now, and wait for the oldest until at most `leave` are on their way."""
        while self._unfinished and (len(self._unfinished) > leave or self._unfinished[0].stored.done()):
            try:
                self._unfinished.popleft().finish(_STORED_S)
            except Exception as error:
                _log.warning("what came of a turn was not learned: %s", type(error).__name__)

    def settle(self) -> None:
        """Wait until everything that was handed in is judged and stored."""
        self._thread.submit(self._finish, 0).result()

    def close(self) -> None:
        """Finish what waits."""
        self._thread.shutdown(wait=True)
        self._finish(0)
