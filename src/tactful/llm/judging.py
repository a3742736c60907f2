"""A judge that asks a chat model: batches so many at a time, opened and closed with the model."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Self, TypeVar

from tactful.errors import ProviderError, first_of, raise_first
from tactful.llm.types import ChatModel

T = TypeVar("T")
R = TypeVar("R")


async def each(items: Sequence[T], work: Callable[[T], Awaitable[R]], at_a_time: int) -> list[R]:
    """What `work` makes of each item, in order; `at_a_time` of them at once.

    Raises: what `work` raises, what stops everything before any other; items not done by then are given up.
    """
    done: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for at, item in waiting:
            done[at] = await work(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_a_time, len(items))):
                workers.create_task(worker())
    except ExceptionGroup as group:
        raise first_of(group) from None
    return [done[at] for at in range(len(items))]


async def all_of(*draws: Awaitable[R]) -> list[R]:
    """What draws side by side gave, in order. All are waited for, so that every answer is stored and counted.

    Raises, once all are in: what stops everything, else the first that went wrong.
    """
    found = await asyncio.gather(*draws, return_exceptions=True)
    raise_first(*found)
    return [one for one in found if not isinstance(one, BaseException)]


class AskingJudge(ABC, Generic[T, R]):
    """Base of judges whose `judge` asks `model`; `async with` closes it."""

    model: ChatModel
    concurrency: int
    """Items of a batch that are judged at a time."""

    @abstractmethod
    async def judge(self, item: T, /) -> R:
        """The judgement on one item. Raises: ProviderError, when the endpoint gave no answer."""

    @abstractmethod
    def unanswered(self, item: T, why: str) -> R:
        """The unscored judgement on an item for which the endpoint gave no answer."""

    async def judge_batch(self, items: Sequence[T], /) -> list[R]:
        """One judgement per item, in order; where the endpoint gave no answer, unscored with the reason.

        Raises: EndpointRefused and BudgetSpent; what was not judged by then is given up.
        """

        async def judged(item: T) -> R:
            try:
                return await self.judge(item)
            except ProviderError as error:
                return self.unanswered(item, f"{error.outcome}: {error}")

        return await each(items, judged, self.concurrency)

    async def aclose(self) -> None:
        """Close the model."""
        await self.model.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()
