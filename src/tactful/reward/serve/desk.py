"""The desk at which requests wait for an answer: so many at a time, so many in the queue, the others are sent away.

What computes (the embedded model, a policy) works in threads, so that the server answers meanwhile. A thread cannot be
stopped: a request that is given up at its deadline keeps its place until the work is done, and so slow requests
cannot pile up work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, Protocol, TypeVar, runtime_checkable

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


Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Desk(Generic[Asked, Told]):
    """Answers for one server, by `compute`, which needs the processor, or `ask`, which waits for others: one of the two."""

    def __init__(
        self,
        *,
        compute: Callable[[Sequence[Asked]], list[Told]] | None = None,
        ask: Callable[[Sequence[Asked]], Awaitable[list[Told]]] | None = None,
        concurrency: int,
        queue: int,
    ) -> None:
        self._compute, self._ask = compute, ask
        self._slots = asyncio.Semaphore(concurrency)
        self._most = concurrency + queue
        self._inside = 0
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="desk")
        self._working: set[asyncio.Future[list[Told]]] = set()

    @classmethod
    def of_judge(cls, judge: MomentJudge, *, concurrency: int, queue: int) -> Desk[Moment, Acceptance]:
        """Judgements, explained where the judge explains itself."""
        if isinstance(judge, ComputingJudge):
            now = partial(judge.judge_now, explain=True)
            return Desk(compute=now, concurrency=concurrency, queue=queue)

        async def ask(moments: Sequence[Moment]) -> list[Acceptance]:
            return [await judge.judge(moments[0])] if len(moments) == 1 else await judge.judge_batch(moments)

        return Desk(ask=ask, concurrency=concurrency, queue=queue)

    async def answered(self, asked: Sequence[Asked]) -> list[Told]:
        """The answers in order.

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
        work = asyncio.ensure_future(self._work(asked))
        self._working.add(work)
        work.add_done_callback(self._done)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if self._compute is None:
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

    def _work(self, asked: Sequence[Asked]) -> Awaitable[list[Told]]:
        if self._compute is not None:
            return asyncio.get_running_loop().run_in_executor(self._threads, self._compute, asked)
        assert self._ask is not None
        return self._ask(asked)

    def _done(self, work: asyncio.Future[list[Told]]) -> None:
        self._slots.release()
        self._inside -= 1
        self._working.discard(work)
        if not work.cancelled():
            work.exception()  # seen: whoever waited may have gone
