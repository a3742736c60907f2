"""The driver's side: hands records to workers, replaces workers that die, and lets go of all at the end."""

from __future__ import annotations

import asyncio
import math
import os
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from tactful import __version__
from tactful.errors import StopRun, TactfulError
from tactful.llm.types import ModelSpec, Usage
from tactful.runs.result import Result
from tactful.runs.running.executor import Work
from tactful.runs.running.ray.cluster import join, leave
from tactful.runs.running.ray.member import Member, WorkerLost

_SUSPECT_AFTER, _GIVEN_UP_AFTER = 2, 6
"""A record in flight at so many deaths goes on alone among its like, and at so many fails: it may be what kills."""
_MOST_FALSE_STARTS = 3
"""Workers in a row that die before they have started."""
_TOLD_TOGETHER = 256
_CLOSING_S = 20.0


class RayExecutor:
    """Runs stages in `workers` actors on Ray. A worker that dies is replaced, its records are worked on again."""

    def __init__(self, workers: int, at_once: int, address: str | None = None) -> None:
        self.unfinished = Usage()
        self.kept = Usage()
        self._wanted = workers
        self._at_once = at_once
        self._address = address
        self._joined = False
        self._gate: Any = None
        self._members: list[Member] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._suspects = asyncio.Lock()
        self._fatal: TactfulError | None = None
        self._stored: list[tuple[int, str]] = []
        self._numbers = 0
        self._lost = self._restarted = 0

    @property
    def standing(self) -> str:
        """How many workers there are, were lost and were restarted."""
        some = f"{len(self._members)} of {self._wanted} workers"
        told = f"{self._wanted} workers" if len(self._members) == self._wanted else some
        return f"{told}, {self._lost} lost, {self._restarted} restarted" if self._lost else told

    async def start(self, work: Work) -> None:
        """Start Ray or join it, then the gate and the workers; returns when the first of them is ready.

        Raises: MissingExtra, UserError, and what opening the models raises.
        """
        join(self._address, self._wanted)
        self._joined = True
        self._work = replace(work, models={role: self._share(spec) for role, spec in work.models.items()})
        self._gate = _gate(work)
        if (failure := await self._gate.start.remote()) is not None:
            raise failure
        for _ in range(self._wanted):
            task = asyncio.create_task(self._keep_one())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._somebody()

    async def process(self, record: BaseModel) -> Result:
        """What became of `record` at the worker with the least in flight; again at another when that one dies."""
        deaths = 0
        while deaths < _GIVEN_UP_AFTER:
            async with self._suspects if deaths >= _SUSPECT_AFTER else nullcontext():
                member = await self._somebody()
                try:
                    result = await member.process(record)
                except WorkerLost:
                    deaths += 1
                    continue
            if isinstance(result, StopRun):
                raise result
            self._settle(member, str(record.id))  # type: ignore[attr-defined]
            return result
        return Result(
            state="failed",
            stage=self._work.stage_name,
            error="WorkerLost",
            reason=f"the worker process died {deaths} times over this record; it may need more memory than there is",
        )

    async def aclose(self) -> None:
        """Stop the workers, close the call cache, and stop Ray where it was started here."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gate is not None:
            from ray.exceptions import RayError

            with suppress(RayError, TimeoutError):
                async with asyncio.timeout(_CLOSING_S):
                    for paid in await asyncio.gather(
                        *(member.actor.aclose.remote() for member in self._members), return_exceptions=True
                    ):
                        if isinstance(paid, Usage):
                            self.unfinished += paid
                    self.kept = await self._gate.aclose.remote()
            _kill(self._gate, *(member.actor for member in self._members))
        if self._joined:
            leave()

    # ------------------------------------------------------------ workers

    async def _keep_one(self) -> None:
        """Keep one worker alive: start it, follow it, and start another when it dies."""
        from ray.exceptions import RayError

        false_starts = 0
        while self._fatal is None:
            self._numbers += 1
            member = Member(self._numbers, _actor(self._numbers, self._gate))
            try:
                await self._gate.join.remote(member.number)
                failure = await member.actor.start.remote(self._work, _environment(self._work), __version__)
                if failure is not None:
                    return self._stop(failure)
                self._members.append(member)
                self._changed.set()
                self._restarted += self._lost > self._restarted
                false_starts = 0
                await member.follow()
            except RayError as error:
                false_starts += member not in self._members
                await self._bury(member, error)
                if false_starts >= _MOST_FALSE_STARTS:
                    self._stop(
                        StopRun(f"{false_starts} workers in a row died as they started ({_first(error)})")
                    )

    async def _bury(self, member: Member, error: Exception) -> None:
        """Free what a dead worker was asking, count what it had paid, and hand its records to the others."""
        from ray.exceptions import RayError

        if member in self._members:
            self._members.remove(member)
            self._lost += 1
        _kill(member.actor)  # one that cannot be reached must not work on beside its successor
        try:
            self.unfinished += await self._gate.lost.remote(member.number, member.in_flight)
        except RayError:
            self._stop(
                StopRun(f"the Ray cluster is gone ({_first(error)}); resume when there is one, or without")
            )
        member.give_up()

    async def _somebody(self) -> Member:
        """The worker with the least in flight. Raises what stops the run, when there is to be none."""
        while True:
            if self._fatal is not None:
                raise self._fatal
            if self._members:
                return min(self._members, key=lambda member: len(member.in_flight))
            self._changed.clear()
            await self._changed.wait()

    def _stop(self, why: TactfulError) -> None:
        self._fatal = self._fatal or why
        self._changed.set()
        for member in self._members:
            member.give_up()

    def _settle(self, member: Member, record_id: str) -> None:
        """The gate need not remember what this record has cost."""
        self._stored.append((member.number, record_id))
        if len(self._stored) >= _TOLD_TOGETHER:
            self._gate.settled.remote(self._stored)
            self._stored = []

    def _share(self, spec: ModelSpec) -> ModelSpec:
        """The model with one worker's part of the requests that may be in flight."""
        most = max(spec.max_concurrency, self._at_once)
        return spec.model_copy(update={"max_concurrency": math.ceil(most / self._wanted)})


def _gate(work: Work) -> Any:
    """The actor that all workers share, on this node: the call cache lies here."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from tactful.runs.running.ray.gate import Gate

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options = {"num_cpus": 0, "max_concurrency": 1000, "scheduling_strategy": here}
    named = f"tactful {work.run_id} {uuid4().hex[:8]}"  # one process may run a configuration twice at once
    calls = work.cache_path if work.models else None
    return (
        ray.remote(Gate)
        .options(name=named, **options)
        .remote(calls, work.budget_usd, work.budget_tokens, work.spent)
    )


def _actor(number: int, gate: Any) -> Any:
    import ray

    from tactful.runs.running.ray.worker import Worker

    options = {"num_cpus": 1, "max_concurrency": 16, "max_restarts": 0}
    return ray.remote(Worker).options(**options).remote(number, gate)


def _kill(*actors: Any) -> None:
    import ray

    for actor in actors:
        with suppress(Exception):  # dead already, or the cluster with it
            ray.kill(actor)


def _environment(work: Work) -> dict[str, str]:
    """What a worker elsewhere needs of our environment: keys, by the names that the models say, and our own settings.

    It goes from process to process, never through Ray's store, and is written nowhere.
    """
    keys = {spec.api_key_env for spec in work.models.values()}
    return {
        name: value
        for name, value in os.environ.items()
        if name in keys or name == "OPENAI_BASE_URL" or name.startswith("TACTFUL_")
    }


def _first(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
