"""The sandbox as the other rooms see it: hand in jobs, get verdicts."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from tactful.errors import UsageError
from tactful.sandbox.tiers import require_tier
from tactful.sandbox.types import Job, Tier, Verdict
from tactful.sandbox.worker import Worker


class Sandbox:
    """Runs untrusted Python against tests, caged, on all cores. Safe to use from several threads.

    `workers` is the number of programs that run at a time (default: this process's cores); verdicts do not
    depend on it. Fork servers start when first needed and end with the `with` block.

    Raises: UsageError for less than one worker; SafetyRefusal (exit code 3) where there is no cage, unless `unsafe`.
    """

    def __init__(self, workers: int | None = None, unsafe: bool = False) -> None:
        if workers is not None and workers < 1:
            raise UsageError(
                f"a sandbox of {workers} workers runs nothing; give 1 or more, or none for all cores"
            )
        self.tier: Tier = require_tier(unsafe=unsafe)
        self._count = workers or len(os.sched_getaffinity(0))
        self._closing = threading.Lock()
        self._closed = False
        self._workers = [Worker(self.tier, unsafe=unsafe) for _ in range(self._count)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End every fork server, for good. Waits for runs under way in other threads; a second call does nothing."""
        self._closed = True
        with self._closing:
            for _ in self._workers:
                self._idle.get().close()
            for worker in self._workers:
                self._idle.put(worker)

    def run(self, job: Job) -> Verdict:
        """The verdict on one job. Blocks; from asyncio call it through `asyncio.to_thread`.

        Raises: UsageError, when the sandbox is closed.
        """
        return self._run(job)

    def _run(self, job: Job, unwanted: int | None = None) -> Verdict:
        worker = self._idle.get()
        try:
            if self._closed:
                raise UsageError(
                    "this sandbox is closed; open another, and take all verdicts inside its `with`"
                )
            return worker.run(job, unwanted)
        finally:
            self._idle.put(worker)

    def run_many(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        """Verdicts in the order of `jobs`, which are taken only as fast as they are run.

        Where they are no longer wanted (Ctrl-C, or the iterator is closed), the programs under way are ended.
        """
        waiting: deque[Future[Verdict]] = deque()
        unwanted = os.eventfd(0)
        try:
            with ThreadPoolExecutor(self._count, thread_name_prefix="sandbox") as executor:
                try:
                    for job in jobs:
                        waiting.append(executor.submit(self._run, job, unwanted))
                        if len(waiting) >= 4 * self._count:
                            yield waiting.popleft().result()
                    while waiting:
                        yield waiting.popleft().result()
                except BaseException:
                    os.eventfd_write(unwanted, 1)
                    for future in waiting:
                        future.cancel()
                    raise
        finally:
            os.close(unwanted)
