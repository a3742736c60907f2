"""The desk at which requests wait for a judge: so many at a time, so many in the queue, the others are sent away.

A judge that computes (the embedded model) works in threads, so that the server answers meanwhile. A thread cannot be
stopped: a request that is given up at its deadline keeps its place until the judge is done, and so slow requests
cannot pile up work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, runtime_checkable

from tactful.errors import ProviderError, StopRun
from tactful.reward.serve.errors import ApiError
from tactful.reward.types import Acceptance, MomentJudge
from tactful.types import Moment


@runtime_checkable
class ComputingJudge(Protocol):
    """A judge that needs the processor, not the network."""

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The judgements in order; with `explain`, what moved each."""
        ...


class Desk:
    """Judges moments for one server."""

    def __init__(self, judge: MomentJudge, *, concurrency: int, queue: int) -> None:
        self.judge = judge
        self._slots = asyncio.Semaphore(concurrency)
        self._most = concurrency + queue
        self._inside = 0
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="judge")
        self._working: set[asyncio.Future[list[Acceptance]]] = set()

    async def judged(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """The judgements in order, explained where the judge explains itself.

        Raises: ApiError 429 when the queue is full, 503 when the judge's endpoint gives no answer.
        """
        if self._inside >= self._most:
            raise ApiError(
                429, "too many requests at a time; ask again in a second", code="busy", retry_after_s=1
            )
        self._inside += 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._inside -= 1
            raise
        work = asyncio.ensure_future(self._work(moments))
        self._working.add(work)
        work.add_done_callback(self._done)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if not isinstance(self.judge, ComputingJudge):
                work.cancel()
            raise
        except StopRun:
            raise ApiError(
                503,
                "the judge's endpoint refuses the call (key, model name or quota); the server's operator must act",
                code="judge_refused",
                final=True,
            ) from None
        except ProviderError as error:
            raise ApiError(
                503,
                f"the judge's model gave no answer ({error.outcome})",
                code="judge_out_of_reach",
                retry_after_s=5,
            ) from None

    def close(self) -> None:
        """Take no more; threads at work end by themselves."""
        for work in self._working:
            work.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _work(self, moments: Sequence[Moment]) -> Awaitable[list[Acceptance]]:
        judge = self.judge
        if isinstance(judge, ComputingJudge):
            call = partial(judge.judge_now, moments, explain=True)
            return asyncio.get_running_loop().run_in_executor(self._threads, call)
        if len(moments) == 1:
            return _one(judge, moments[0])
        return judge.judge_batch(moments)

    def _done(self, work: asyncio.Future[list[Acceptance]]) -> None:
        self._slots.release()
        self._inside -= 1
        self._working.discard(work)
        if not work.cancelled():
            work.exception()  # seen: whoever waited may have gone


async def _one(judge: MomentJudge, moment: Moment) -> list[Acceptance]:
    return [await judge.judge(moment)]
