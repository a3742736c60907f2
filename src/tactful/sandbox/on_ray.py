"""The sandbox on the machines of a Ray cluster: as many programs at a time as there are workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Self

from tactful.errors import SafetyRefusal
from tactful.runs.running.ray.spread import Spread
from tactful.sandbox.pool import Sandbox
from tactful.sandbox.types import Job, Verdict

_BATCH = 8
"""Programs that go to a worker together."""


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
        # No CPU of Ray's count: the workers of the run have them, and wait while the sandbox works.
        self._spread: Spread[Sequence[Job], list[Verdict]] = Spread(
            Caged, unsafe, workers=workers, address=address, cpus=0
        )

    def __enter__(self) -> Self:
        self._spread.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._spread.__exit__(*exception)

    def run_many(self, jobs: Iterable[Job]) -> Iterator[Verdict]:
        """Verdicts in the order of `jobs`. Raises: SafetyRefusal, where a machine has no cage."""
        rest = iter(jobs)
        for _, verdicts in self._spread.map(iter(lambda: list(islice(rest, _BATCH)), [])):
            yield from verdicts
