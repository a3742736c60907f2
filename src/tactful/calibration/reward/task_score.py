"""Was the task solved? R_task in [0, 1], from tests in the sandbox or from the checks of a plan.

What decides is what the task brings: asserts → sandbox, checks → `check_plan`; a task with neither stays
unscored. An episode that ended without a solution scores 0; a task whose own reference fails its tests is
quarantined, and everything about it is unscored. Unscored is None and never turns into 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from tactful.data.seeds.planning_check import check_plan
from tactful.errors import DataError
from tactful.sandbox.types import Job, Outcome, Verdict
from tactful.types import Hidden, Requirement, Trajectory, content_hash

TaskScoreForm = Literal["all-or-nothing", "share"]

QUARANTINED = "quarantined: the task's own reference fails its tests"
NOTHING_TO_CHECK = "the task has neither tests nor requirements"


@dataclass(frozen=True, slots=True)
class TaskScores:
    """What was found out about one solution: enough to compute either form of the task score again."""

    scores: Mapping[str, float | None]
    """Requirement id (`t0`, `t1`… for tests that no requirement owns) → share met in [0, 1]; None = unscored."""
    weights: Mapping[str, float]
    all_passed: bool | None
    """Coding only; None = unscored, or not decided by tests."""
    tier: str = ""
    """Sandbox tier that the tests ran in."""
    weak: bool = False
    judge: str = ""
    unscored_reason: str = ""


def task_score(
    scores: Mapping[str, float | None],
    weights: Mapping[str, float],
    all_passed: bool | None,
    form: TaskScoreForm,
) -> float | None:
    """R_task in [0, 1]; None = unscored, which it is as soon as one weighted requirement is.

    `all-or-nothing` applies where tests decide; plans are always scored by share.
    """
    if form == "all-or-nothing" and all_passed is not None:
        return float(all_passed)
    met: list[float] = []
    for name, weight in weights.items():
        score = scores.get(name)
        if score is None:
            return None
        met.append(weight * score)
    total = math.fsum(weights.values())
    return min(1.0, math.fsum(met) / total) if total > 0 else None


def delivered(trajectory: Trajectory) -> str | None:
    """The solution that a step handed over to end the task; None when there is none.

    Code shown inside a clarification is not a delivery: it ends nothing and earns nothing.
    """
    if trajectory.solution is None or not any(step.gave_solution for step in trajectory.steps):
        return None
    return trajectory.solution if trajectory.solution.strip() else None


class OwnedTests(NamedTuple):
    """The tests that decide about one requirement, and its share of the task score."""

    name: str
    weight: float
    tests: tuple[str, ...]


def owned_tests(hidden: Hidden) -> tuple[OwnedTests, ...]:
    """The tests of a task by requirement; weights sum to 1.

    Tests that no requirement owns weigh together as much as an average requirement, alone everything.
    A requirement without tests cannot be checked here and carries no weight.
    """
    owned = [OwnedTests(item.id, item.weight, item.tests) for item in hidden.requirements if item.tests]
    free = len(hidden.tests)
    if free:
        average = math.fsum(item.weight for item in owned) / len(owned) if owned else 1.0
        owned += [OwnedTests(f"t{n}", average / free, (test,)) for n, test in enumerate(hidden.tests)]
    names = [item.name for item in owned]
    if len(set(names)) < len(names):
        raise DataError(
            f"requirement ids {names} are not unique ('t0', 't1'… name tests without requirement)"
        )
    total = math.fsum(item.weight for item in owned)
    return tuple(item._replace(weight=item.weight / total) for item in owned)


def plan_scores(trajectory: Trajectory) -> TaskScores:
    """Which requirements the delivered plan meets, by their checks; no plan meets none."""
    requirements = trajectory.hidden.requirements
    plan = delivered(trajectory)
    try:
        scores = {item.id: float(plan is not None and check_plan(plan, item)) for item in requirements}
    except DataError as error:
        return unscored(requirements, reason=str(error))
    return TaskScores(scores, requirement_weights(requirements), None)


def requirement_weights(requirements: Sequence[Requirement]) -> dict[str, float]:
    """Requirement id → share of the task score; sums to 1."""
    total = math.fsum(item.weight for item in requirements)
    return {item.id: item.weight / total for item in requirements}


def unscored(requirements: Sequence[Requirement], *, reason: str) -> TaskScores:
    """Scores of a solution that could not be judged, with why."""
    return TaskScores(
        dict.fromkeys((item.id for item in requirements), None),
        requirement_weights(requirements),
        None,
        unscored_reason=reason,
    )


class Cage(Protocol):
    """What is asked of `tactful.sandbox.Sandbox`."""

    def run_many(self, jobs: Iterable[Job], /) -> Iterator[Verdict]:
        """Verdicts in the order of the jobs."""
        ...


class _Ran(NamedTuple):
    """What is kept of a verdict, so that a million of them fit in memory."""

    passed: tuple[bool, ...]
    tier: str
    weak: bool
    error: str
    """Why the sandbox could not tell; empty when it could."""
    ran_out: bool
    """Of time or memory, in some test."""


@dataclass
class TaskScorer:
    """Scores trajectories batch by batch; every distinct (code, setup, tests) runs once, on all cores.

    Use as a context manager. The sandbox opens with the first coding task, so plans need no cage.
    Raises SafetyRefusal where no cage is at hand and `unsafe` is not set.
    """

    timeout_s: float = 5.0
    memory_mb: int = 512
    unsafe: bool = False
    cage: Cage | None = None
    """Runs the jobs; None: what `open_cage` opens."""
    open_cage: Callable[..., AbstractContextManager[Cage]] | None = None
    """Called with `unsafe=`; None opens a `tactful.sandbox.Sandbox`, on the cores of this machine."""
    distinct_runs: int = 0
    """Programs run so far."""
    _ran: dict[str, _Ran] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> TaskScorer:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def score_all(self, trajectories: Sequence[Trajectory]) -> list[TaskScores]:
        """The scores of these trajectories, in order."""
        self._run_new(trajectories)
        return [self._score(trajectory) for trajectory in trajectories]

    def _score(self, trajectory: Trajectory) -> TaskScores:
        hidden = trajectory.hidden
        if not has_tests(hidden):
            return plan_scores(trajectory) if hidden.requirements else unscored((), reason=NOTHING_TO_CHECK)
        try:
            owned = owned_tests(hidden)
        except DataError as error:
            return unscored(hidden.requirements, reason=str(error))
        weights = {item.name: item.weight for item in owned}
        code = delivered(trajectory)
        solution = self._ran[_key(code, hidden)] if code else None
        reason = self._why_unscored(hidden, solution)
        if reason:
            return TaskScores(dict.fromkeys(weights, None), weights, None, unscored_reason=reason)
        if solution is None:
            return TaskScores(dict.fromkeys(weights, 0.0), weights, False)
        passed = iter(solution.passed)
        shares = {item.name: sum(next(passed) for _ in item.tests) / len(item.tests) for item in owned}
        return TaskScores(shares, weights, all(solution.passed), solution.tier, solution.weak)

    def _why_unscored(self, hidden: Hidden, solution: _Ran | None) -> str:
        reference = self._ran[_key(hidden.reference, hidden)] if hidden.reference else None
        for ran in (reference, solution):
            if ran is not None and ran.error:
                return f"sandbox: {ran.error}"
        if reference is None or all(reference.passed):
            return ""
        if reference.ran_out:
            return f"{QUARANTINED} within {self.timeout_s:g} s and {self.memory_mb} MB; raise timeout_s or memory_mb"
        return QUARANTINED

    def _run_new(self, trajectories: Sequence[Trajectory]) -> None:
        new: dict[str, tuple[str, Hidden]] = {}
        for trajectory in trajectories:
            hidden = trajectory.hidden
            if not has_tests(hidden):
                continue
            for code in (hidden.reference, delivered(trajectory)):
                if code and (key := _key(code, hidden)) not in self._ran:
                    new[key] = (code, hidden)
        if new:
            verdicts = self._sandbox().run_many([self._job(code, hidden) for code, hidden in new.values()])
            for (key, (_, hidden)), verdict in zip(new.items(), verdicts, strict=True):
                self._ran[key] = _kept(verdict, expected=len(all_tests(hidden)))
            self.distinct_runs += len(new)

    def _job(self, code: str, hidden: Hidden) -> Job:
        tests = all_tests(hidden)
        return Job(
            code=code, tests=tests, setup=hidden.setup, timeout_s=self.timeout_s, memory_mb=self.memory_mb
        )

    def _sandbox(self) -> Cage:
        if self.cage is None:
            from tactful.sandbox import Sandbox  # here, so that plans never load it

            opened = (self.open_cage or Sandbox)(unsafe=self.unsafe)
            self.cage = self._open.enter_context(opened)
        return self.cage


def has_tests(hidden: Hidden) -> bool:
    """True when asserts decide about the task."""
    return bool(hidden.tests) or any(item.tests for item in hidden.requirements)


def all_tests(hidden: Hidden) -> tuple[str, ...]:
    """The tests of the requirements in order, then those that no requirement owns."""
    return (*(test for item in hidden.requirements for test in item.tests), *hidden.tests)


def _key(code: str, hidden: Hidden) -> str:
    return content_hash("\x1f".join((code, hidden.setup, *all_tests(hidden))))


def _kept(verdict: Verdict, *, expected: int) -> _Ran:
    """What is needed of a verdict. A program that broke has failed its tests; a sandbox that broke says nothing."""
    passed = tuple(result.outcome is Outcome.PASSED for result in verdict.tests)
    error = (verdict.error or "gave no verdict") if verdict.unscored else ""
    if not error and len(passed) != expected:
        error = f"gave {len(passed)} results for {expected} tests"
    ran_out = any(result.outcome in (Outcome.TIMEOUT, Outcome.MEMORY) for result in verdict.tests)
    return _Ran(passed, str(verdict.tier), verdict.weak, error, ran_out)
