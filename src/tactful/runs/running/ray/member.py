"""A worker as the driver sees it: what is in flight there, and whether it lives."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from tactful.errors import StopRun
from tactful.runs.result import Result
from tactful.runs.running.ray.batches import Outbox, pack, unpack


class WorkerLost(Exception):
    """The worker died before it gave a result."""


class Member:
    """Hands records to one worker and gives out their results."""

    def __init__(self, number: int, actor: Any) -> None:
        self.number = number
        self.actor = actor
        self._outbox: Outbox[tuple[int, BaseModel]] = Outbox(self._hand)
        self._waiting: dict[int, tuple[str, asyncio.Future[Result | StopRun]]] = {}
        self._last = 0

    @property
    def in_flight(self) -> list[str]:
        """The records that it has and that have no result."""
        return [record_id for record_id, _ in self._waiting.values()]

    async def process(self, record: BaseModel) -> Result | StopRun:
        """What became of the record. Raises: WorkerLost."""
        self._last += 1
        number, result = self._last, asyncio.get_running_loop().create_future()
        self._waiting[number] = str(record.id), result  # type: ignore[attr-defined]
        self._outbox.put((number, record))
        try:
            answer: Result | StopRun = await result
        finally:
            self._waiting.pop(number, None)
        return answer

    async def _hand(self, records: list[tuple[int, BaseModel]]) -> None:
        from ray.exceptions import RayError

        with suppress(RayError):  # whoever follows hears of it
            await self.actor.take.remote(pack(records))

    async def follow(self) -> None:
        """Give out results as they come. Raises what Ray raises when the worker is gone."""
        while True:
            for number, result in unpack(await self.actor.news.remote()):
                if number in self._waiting and not (future := self._waiting[number][1]).done():
                    future.set_result(result)

    def give_up(self) -> None:
        """Tell all who wait that it is lost."""
        for _, future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(WorkerLost())
