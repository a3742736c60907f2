"""One process working on one run folder: workers, stopping, and the last words.

A worker takes a record, has the executor work on it, waits until its row is committed, and only then takes the
next: what a killed process has to do again is never more than `concurrency` records.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from tactful.errors import Interrupted, StopRun
from tactful.llm.types import Outcome, Usage
from tactful.runs.result import Result
from tactful.runs.running.executor import Executor
from tactful.runs.running.intake import Intake, Item
from tactful.runs.running.progress import Progress, Tally
from tactful.runs.store.rows import Row
from tactful.runs.store.state import RunState

MOST_IN_A_ROW = 20
"""Records that an endpoint out of reach may fail one after the other, or twice as many as are worked on at a time."""
GRACE_S = 10.0
"""How long records in flight may still finish after a StopRun. Ctrl-C does not wait."""

STOPS: dict[int, Callable[[], None]] = {}
"""By thread that no signal reaches: what stops the run there as Ctrl-C would; may be called from any thread."""


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
        self._hurried = asyncio.Event()
        self._in_a_row = 0
        self.tally = Tally()

    async def run(self) -> Exception | None:
        """Work until the input ends or something stops the run."""
        self._intake.start()
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        halted = asyncio.create_task(self._halted.wait())
        hurried = asyncio.create_task(self._hurried.wait())
        ticker = asyncio.create_task(self._tick())
        everyone = asyncio.create_task(_all(workers))
        try:
            with self._signals():
                await asyncio.wait({everyone, halted}, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.wait({everyone, hurried}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = (*workers, everyone, halted, hurried, ticker)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._why

    def stop(self, why: Exception) -> None:
        """No further record starts; those in flight may finish, unless a person waits. The first reason is kept."""
        if self._why is None:
            self._why = why
            self._intake.stop()
            self._halted.set()
        if isinstance(why, Interrupted):
            self._hurried.set()

    async def _work(self) -> None:
        try:
            while self._why is None and (item := await self._intake.take()) is not None:
                await self._store(item, await self._result(item))
        except Exception as error:
            self.stop(error)

    async def _result(self, item: Item) -> Result:
        if item.fault:
            return Result(state="failed", stage="reading", error="DataError", reason=item.fault)
        return await self._executor.process(item.record)

    async def _store(self, item: Item, result: Result) -> None:
        cost, previous = result.usage, item.previous
        if previous is not None:
            result = replace(result, usage=(result.usage or Usage()) + (previous.result.usage or Usage()))
        attempts = previous.attempts + 1 if previous is not None else 1
        committed = self._state.add(Row(item.ordinal, item.record_id, item.record_hash, result, attempts))
        try:
            await committed
        except asyncio.CancelledError:  # stopped while waiting: the work is done, so it is kept
            self._state.commit()
            self._count(item, result, cost)
            raise
        self._count(item, result, cost)

    def _count(self, item: Item, result: Result, cost: Usage | None) -> None:
        self._intake.stored(item)
        self.tally.count(result.state, cost)
        self._in_a_row = self._in_a_row + 1 if result.error == Outcome.OUT_OF_REACH else 0
        if self._in_a_row >= max(MOST_IN_A_ROW, 2 * self._concurrency):
            self.stop(
                StopRun(
                    f"{self._in_a_row} records in a row failed, the endpoint is out of reach ({result.reason}); "
                    "look at it with 'tactful doctor'; the failed ones are taken again by 'tactful runs retry'"
                )
            )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._progress.every_s)
            self.tally.behind = self._intake.read - self._intake.in_hand
            self.tally.standing = self._executor.standing
            self._progress.show(self.tally)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM stop the run; a second Ctrl-C interrupts whatever is under way."""
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            name = signal.Signals(number).name
            why = Interrupted("interrupted by Ctrl-C" if name == "SIGINT" else f"stopped by {name}")
            loop.call_soon_threadsafe(self.stop, why)

        def hear(number: int, frame: FrameType | None) -> None:
            heard.append(number)
            if number == signal.SIGINT and heard.count(number) > 1:  # a stage may hold up the loop
                raise KeyboardInterrupt
            stop(number)

        heard: list[int] = []
        before = {}
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                before[number] = signal.signal(number, hear)
        except ValueError:  # not the main thread: whoever started us handles signals
            STOPS[threading.get_ident()] = lambda: stop(signal.SIGINT)
        try:
            yield
        finally:
            STOPS.pop(threading.get_ident(), None)
            for number, handler in before.items():
                signal.signal(number, handler)


async def _all(workers: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*workers)
