"""A worker: an actor that runs whole stages, with its own connections to models and its own readers and sandbox."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from tactful import __version__
from tactful.errors import ConfigError, MissingExtra, StopRun, TactfulError, UserError
from tactful.llm.cache import Calls
from tactful.llm.spending.budget import Budget
from tactful.llm.throttle import share_throttles
from tactful.llm.types import Usage
from tactful.runs.result import Result
from tactful.runs.running.executor import LocalExecutor, Work
from tactful.runs.running.ray.batches import Inbox, pack, unpack
from tactful.runs.running.ray.links import Link, LinkedBudget, LinkedCalls, LinkedThrottles


class LinkedExecutor(LocalExecutor):
    """Runs stages here; what calls share is at the gate."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link
        share_throttles(LinkedThrottles(link))

    def _shared(self, work: Work) -> tuple[Calls | None, Budget]:
        calls = None if work.cache_path is None else LinkedCalls(self._link)
        return calls, LinkedBudget(self._link, work.budget_usd, work.budget_tokens)


class Worker:
    """Works on the records that it is given; `news` are their results."""

    def __init__(self, number: int, gate: Any) -> None:
        self._number = number
        self._gate = gate
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, work: Work, environment: Mapping[str, str], version: str) -> TactfulError | None:
        """Open the models; what is wrong with them, if anything. `environment` fills in what is not set here."""
        if version != __version__:
            return ConfigError(
                f"a node of the cluster has Tactful {__version__}, this machine {version}; install the same on all nodes"
            )
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        self._results: Inbox[tuple[int, Result | StopRun]] = Inbox()
        self._link = Link(self._gate, self._number)
        self._executor = LinkedExecutor(self._link)
        try:
            await self._executor.start(work)
        except MissingExtra as error:  # made of other words than it says: it would not arrive whole
            return UserError(str(error))
        except TactfulError as error:
            return error
        return None

    async def take(self, records: bytes) -> None:
        """Work on these too: numbers and records, packed."""
        for number, record in unpack(records):
            task = asyncio.create_task(self._work(number, record))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def news(self) -> bytes:
        """What is finished, numbers and results, packed; waits until something is."""
        return pack(await self._results.take())

    async def aclose(self) -> Usage:
        """Stop what is under way and close the models; what was paid for records that did not finish."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._executor.aclose()
        await self._link.aclose()
        return self._executor.unfinished

    async def _work(self, number: int, record: BaseModel) -> None:
        try:
            result: Result | StopRun = await self._executor.process(record)
        except StopRun as error:
            result = error
        self._results.put((number, result))
