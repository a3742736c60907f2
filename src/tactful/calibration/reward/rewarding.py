"""Rewards as runs: stored by the same runner as everything else.

The source scores in batches (sandbox and checks need no model); the stage only asks the rubric judge, where one
is named, so that a run without judge makes no call at all and may be repeated any number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tactful.calibration.reward.probes import Probe, probe_sandbox, run_probes
from tactful.calibration.reward.rewards import RewardConfig, recompute, reward
from tactful.calibration.reward.rubric import PROMPT, judge_requirements
from tactful.calibration.reward.task_score import TaskScorer, has_tests
from tactful.calibration.types import Rewarded
from tactful.data.io import Rows, one_of
from tactful.errors import UserError
from tactful.llm.types import ModelSpec
from tactful.runs import Context, Job
from tactful.types import Trajectory

BATCH = 1000
"""Trajectories scored together: enough to keep all cores busy, little enough for flat memory."""
FIRST_BATCH = 32
"""The first batch is small, so that what is wrong with a run shows at once."""


_EITHER = one_of(Trajectory, Rewarded)


class RewardHackable(UserError):
    """A probe does not hold: the reward would teach the wrong thing."""


def parse_row(row: Any) -> Trajectory | Rewarded:
    """A trajectory, or one that is already rewarded: the latter holds a `trajectory`. Raises ValueError."""
    found: Trajectory | Rewarded = _EITHER.validate_python(row)
    if isinstance(found, Rewarded):
        return _fitting(found)
    _check_steps(found)
    return found


def parse_rewarded(row: Any) -> Rewarded:
    """A rewarded trajectory whose parts fit together. Raises ValueError."""
    if isinstance(row, dict) and "trajectory" not in row and "steps" in row:
        raise ValueError(f"trajectory {row.get('id')!r} is not rewarded yet; run 'tactful calibrate reward'")
    return _fitting(Rewarded.model_validate(row))


def _fitting(rewarded: Rewarded) -> Rewarded:
    steps, counts = len(rewarded.trajectory.steps), len(rewarded.counts)
    if steps != counts:
        raise ValueError(f"trajectory '{rewarded.id}' has {steps} steps but counts of {counts}")
    _check_steps(rewarded.trajectory)
    return rewarded


def _check_steps(trajectory: Trajectory) -> None:
    point, steps = trajectory.decision_point, len(trajectory.steps)
    if point >= steps:
        raise ValueError(f"trajectory '{trajectory.id}' has {steps} steps, so none at decision_point {point}")


@dataclass
class Scoring:
    """Scores rows lazily, batch by batch, and keeps what the summary needs."""

    config: RewardConfig
    unsafe: bool = False
    make_scorer: Callable[..., TaskScorer] = TaskScorer
    probes: list[Probe] = field(default_factory=list)
    distinct_runs: int = 0
    reused: int = 0
    """Rows whose stored scores were used again."""
    _probe_runs: int = 0

    def rewarded(self, rows: Iterable[Trajectory | Rewarded]) -> Iterator[Rewarded]:
        """The rows with their rewards, in order.

        Raises: RewardHackable before the first of them; SafetyRefusal where code needs a cage and there is none.
        """
        self.probes = run_probes(self.config)
        self._refuse_hackable()
        stream = iter(rows)
        with self.make_scorer(
            timeout_s=self.config.timeout_s, memory_mb=self.config.memory_mb, unsafe=self.unsafe
        ) as scorer:
            size = FIRST_BATCH
            while batch := list(islice(stream, size)):
                yield from self._batch(batch, scorer)
                size = BATCH

    def _batch(self, batch: Sequence[Trajectory | Rewarded], scorer: TaskScorer) -> Iterator[Rewarded]:
        fresh = [row for row in batch if isinstance(row, Trajectory)]
        if not self._sandbox_probed and any(has_tests(row.hidden) for row in fresh):
            self.probes.append(probe_sandbox(scorer, self.config))
            self._probe_runs = scorer.distinct_runs
            self._refuse_hackable()
        scores = iter(scorer.score_all(fresh))
        self.distinct_runs = scorer.distinct_runs - self._probe_runs
        for row in batch:
            if isinstance(row, Rewarded):
                self.reused += 1
                yield recompute(row, self.config)
            else:
                yield reward(row, next(scores), self.config)

    @property
    def _sandbox_probed(self) -> bool:
        return any(probe.name == "try_except" for probe in self.probes)

    def _refuse_hackable(self) -> None:
        failing = [probe.text() for probe in self.probes if not probe.holds]
        if failing:
            raise RewardHackable(
                "this reward can be hacked, so nothing was written; change the configuration:\n  "
                + "\n  ".join(failing)
            )


@dataclass(frozen=True)
class RubricStage:
    """Asks the judge about tasks without tests, where the run has a judge; everything else passes through."""

    config: RewardConfig

    async def __call__(self, record: Rewarded, context: Context) -> Rewarded:
        """The record, judged. Raises ProviderError, when the judge stays out of reach."""
        judge = context.models.get("judge")
        hidden = record.trajectory.hidden
        if judge is None or has_tests(hidden) or not hidden.requirements:
            return record
        judged = reward(record.trajectory, await judge_requirements(record.trajectory, judge), self.config)
        hashes = {**judged.provenance.prompt_hashes, PROMPT.prompt_id: PROMPT.hash}
        return judged.model_copy(
            update={"provenance": judged.provenance.model_copy(update={"prompt_hashes": hashes})}
        )


def reward_job(config: RewardConfig, rewarded: Iterable[Rewarded], judge: ModelSpec | None = None) -> Job:
    """The run that stores `rewarded`, after the judge has spoken where one is given."""
    return Job(
        noun="calibrate",
        verb="reward",
        config=config,
        source=rewarded,
        stage=RubricStage(config),
        models={"judge": judge} if judge else {},
        prompts=[PROMPT] if judge else [],
    )


def retry_reward(
    config: Mapping[str, Any], source: str, skip_bad: bool, unsafe: bool, judge: Mapping[str, Any] | None
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    settings = RewardConfig.model_validate(config)
    rows = Rows(source, parse_row, skip_bad=skip_bad, kind="trajectory")
    spec = None if judge is None else ModelSpec.model_validate(judge)
    return reward_job(settings, Scoring(settings, unsafe=unsafe).rewarded(rows), spec)
