"""The sandbox on the machines of a Ray cluster: as many programs at a time as there are workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

from tactful.errors import SafetyRefusal, UserError
from tactful.runs.running.ray.cluster import join, leave
from tactful.sandbox.pool import Sandbox
from tactful.sandbox.types import Job, Verdict

_BATCH = 8
"""Programs that go to a worker together."""
_AHEAD = 2
"""Batches that a worker has while it works on one."""
_MOST_DEATHS = 6
"""Of workers, over one batch."""


class Caged:
    """The actor: one fork server on its machine, in the cage that this machine offers."""

    def __init__(self, unsafe: bool) -> None:
        self._unsafe = unsafe
        self._sandbox: Sandbox | None = None

    def run(self, jobs: Sequence[Job]) -> list[Verdict] | SafetyRefusal:
        """The verdicts; or why nothing was run."""
        try:
            if self._sandbox is None:
                self._sandbox = Sandbox(workers=1, unsafe=self._unsafe)
            return list(self._sandbox.run_many(jobs))
        except SafetyRefusal as refusal:
            return refusal


class SpreadSandbox:
    """`run_many` of a `Sandbox`, by workers on Ray; a worker that dies is replaced. Use as a context manager."""

    def __init__(self, workers: int, address: str | None = None, unsafe: bool = False) -> None:
        self._workers = workers
        self._address = address
        self._unsafe = unsafe
        self._actors: list[Any] = []

    def __enter__(self) -> Self:
        join(self._address, self._workers)
        self._actors = [self._new() for _ in range(self._workers)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import ray

        for actor in self._actors:
            ray.kill(actor)
        leave()

    def run_many(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        """Verdicts in the order of `jobs`. Raises: SafetyRefusal, where a machine has no cage."""
        rest = iter(jobs)
        under_way: deque[tuple[int, list[Job], Any]] = deque()
        turn = 0
        while True:
            while len(under_way) < _AHEAD * self._workers and (batch := list(islice(rest, _BATCH))):
                place = turn % self._workers
                under_way.append((place, batch, self._actors[place].run.remote(batch)))
                turn += 1
            if not under_way:
                return
            yield from self._verdicts(*under_way.popleft())

    def _verdicts(self, place: int, batch: list[Job], answer: Any) -> list[Verdict]:
        import ray
        from ray.exceptions import RayActorError

        for _ in range(_MOST_DEATHS):
            try:
                verdicts: list[Verdict] | SafetyRefusal = ray.get(answer)
            except RayActorError:
                self._replace(place)
                answer = self._actors[place].run.remote(batch)
                continue
            if isinstance(verdicts, SafetyRefusal):
                raise verdicts
            return verdicts
        raise UserError(
            f"the workers of the sandbox died {_MOST_DEATHS} times in a row; is there memory left?"
        )

    def _replace(self, place: int) -> None:
        """Another actor, where the one at this place has died; batches behind the same one find it replaced."""
        import ray
        from ray.exceptions import RayActorError

        try:
            ray.get(self._actors[place].run.remote([]))
        except RayActorError:
            self._actors[place] = self._new()

    def _new(self) -> Any:
        """Takes no CPU of Ray's count: the workers of the run have them, and wait while the sandbox works."""
        import ray

        return ray.remote(Caged).options(num_cpus=0, scheduling_strategy="SPREAD").remote(self._unsafe)
