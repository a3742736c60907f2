"""One process working on one run folder: workers, stopping, and the last words.

A worker takes a record, has the executor work on it, waits until its row is committed, and only then takes the
next: what a killed process has to do again is never more than `concurrency` records.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from tactful.errors import Interrupted, StopRun
from tactful.llm.types import Usage
from tactful.runs.executor import Executor
from tactful.runs.intake import Intake, Item
from tactful.runs.progress import Progress, Tally
from tactful.runs.state import Row, RunState
from tactful.runs.types import Result

GRACE_S = 10.0
"""How long records in flight may still finish after a StopRun. Ctrl-C does not wait."""


class Session:
    """Works through the intake. `run` returns what stopped it before the end, or None."""

    def __init__(
        self, intake: Intake, state: RunState, executor: Executor, *, concurrency: int, progress: Progress
    ) -> None:
        self._intake = intake
        self._state = state
        self._executor = executor
        self._concurrency = concurrency
        self._progress = progress
        self._why: Exception | None = None
        self._halted = asyncio.Event()
        self._reading = False
        self.tally = Tally()

    async def run(self) -> Exception | None:
        """Work until the input ends or something stops the run."""
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        halted = asyncio.create_task(self._halted.wait())
        ticker = asyncio.create_task(self._tick())
        everyone = asyncio.gather(*workers)
        try:
            with self._signals():
                await asyncio.wait([everyone, halted], return_when=asyncio.FIRST_COMPLETED)
                if isinstance(self._why, StopRun) and not isinstance(self._why, Interrupted):
                    await asyncio.wait([everyone], timeout=GRACE_S)
        finally:
            for task in (*workers, halted, ticker):
                task.cancel()
            await asyncio.gather(*workers, halted, ticker, return_exceptions=True)
        return self._why

    def stop(self, why: Exception) -> None:
        """No further record starts. The first reason is kept."""
        if self._why is None:
            self._why = why
            self._halted.set()

    async def _work(self) -> None:
        try:
            while self._why is None:
                item = self._take()
                if item is True:
                    await asyncio.sleep(0)
                elif item is False:
                    return
                else:
                    await self._store(item, await self._executor.process(item.record))
        except Exception as error:
            self.stop(error)

    def _take(self) -> Item | bool:
        self._reading = True
        try:
            return self._intake.take()
        finally:
            self._reading = False

    async def _store(self, item: Item, result: Result) -> None:
        cost, previous = result.usage, item.previous
        if previous is not None:
            result = replace(result, usage=(result.usage or Usage()) + (previous.result.usage or Usage()))
        attempts = previous.attempts + 1 if previous is not None else 1
        await self._state.add(Row(item.ordinal, item.record_id, item.record_hash, result, attempts))
        self._intake.stored(item)
        self.tally.count(result.state, cost)

    async def _tick(self) -> None:
        while True:
            self._progress.show(self.tally)
            await asyncio.sleep(self._progress.every_s)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM stop the run, also while the source waits for a pipe."""
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            name = signal.Signals(number).name
            why = Interrupted("interrupted by Ctrl-C" if name == "SIGINT" else f"stopped by {name}")
            loop.call_soon_threadsafe(self.stop, why)
            if self._reading:
                raise why

        before = {}
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, stop)
        except ValueError:  # not the main thread: whoever started us handles signals
            before = {}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
