"""What each action was worth: task score minus interruption cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, get_args

from tactful.api.inputs import Input
from tactful.api.options import JudgeOptions, RunSettings, one_of, run_options, spec_of, takes
from tactful.api.runs import Run, worked
from tactful.api.tables import Table

if TYPE_CHECKING:
    from tactful.calibration.reward.information import Information, RewardLedger
    from tactful.calibration.reward.probes import Probe
    from tactful.calibration.reward.rewarding import Scoring
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.calibration.reward.task_score import TaskScorer
    from tactful.calibration.types import Rewarded
    from tactful.runs import RunOptions
    from tactful.types import Trajectory


class RewardOptions(RunSettings, JudgeOptions, total=False):
    """What may be given to `reward` beside the trajectories; `judge_model` judges tasks without tests, by a rubric."""

    config: RewardConfig | Path | str | None
    """The reward's form and constants, or a TOML file of them."""
    task_score: Literal["all-or-nothing", "share"] | None
    """Coding: all tests, or the share of them; overrides `config`."""
    unsafe_exec: bool
    """Run solutions without a cage where none is at hand: dangerous."""
    skip_bad: bool


class RewardRun(Run["Rewarded"]):
    """Rewarded trajectories, and what the reward teaches."""

    @cached_property
    def information(self) -> Sequence[Information]:
        """By domain: what knowing whether a request is complete gains."""
        return self._ledger.information()

    @cached_property
    def probes(self) -> Sequence[Probe]:
        """Tries to hack the reward; all of them held."""
        from tactful.calibration.reward.probes import Probe

        return [Probe.model_validate(probe) for probe in self.details.get("probes", [])]

    @cached_property
    def modes(self) -> frozenset[str]:
        """`single`, `multi`."""
        return frozenset(record.trajectory.mode for record in self)

    @cached_property
    def _ledger(self) -> RewardLedger:
        from tactful.calibration.reward.information import RewardLedger
        from tactful.calibration.reward.rewards import RewardConfig

        ledger = RewardLedger(RewardConfig.model_validate(self.summary.folder.info().config))
        for record in self:
            ledger.add(record)
        return ledger

    def table(self) -> Table:
        """Mean task score, cost and reward of each action at each decision point, 95% intervals by base task."""
        heads = ("domain", "point", "action", "futures", "tasks", "unscored", "task score", "cost", "reward")
        found = self._ledger.rows()
        cells = [
            (
                row.domain,
                str(row.decision_point),
                row.action,
                *map(str, (row.items, row.groups, row.unscored)),
                *(value.short(2) for value in (row.task_score, row.interruption_cost, row.reward)),
            )
            for row in found
        ]
        note = "Means over base tasks with 95% intervals; cost and reward count from the decision point on."
        return Table(heads, cells, [row.model_dump(mode="json") for row in found], note)


@takes(RewardOptions)
def reward(
    trajectories: Run[Any] | Iterable[Trajectory | Rewarded] | Path | str, **options: Unpack[RewardOptions]
) -> RewardRun:
    """Task score minus interruption cost of every trajectory. No model is called, unless `judge_model` names one.

    Rewarded trajectories are rewarded anew from their stored scores, without the sandbox. `unscored` records keep
    the reason and are in no mean.

    Raises RewardHackable when a probe finds the configuration teaching the wrong thing; SafetyRefusal where programs
    would have to run without a cage.
    """
    from tactful.calibration.reward.rewarding import Scoring, parse_row, reward_job
    from tactful.calibration.reward.rubric import OFFLINE_SCRIPTS
    from tactful.calibration.reward.task_score import TaskScoreForm
    from tactful.calibration.types import Rewarded
    from tactful.data.io import Rows
    from tactful.runs import begun

    config = reward_config(options.get("config"))
    if (score := options.get("task_score")) is not None:
        one_of("task_score", score, get_args(TaskScoreForm))
        config = config.model_copy(update={"task_score": score})
    name, skip_bad = options.get("judge_model"), options.get("skip_bad", False)
    judge = None if name is None else spec_of(name, OFFLINE_SCRIPTS, options, temperature=0.0)
    read = Input.of(
        trajectories,
        lambda path: Rows(path, parse_row, skip_bad=skip_bad, kind="trajectory"),
        kind="trajectories",
        also=("rewarded",),
    )
    chosen = run_options(options)
    scoring = Scoring(config, unsafe=options.get("unsafe_exec", False), make_scorer=_scorer(chosen))
    fix = "give the folder of 'tactful calibrate rollout'"
    first = begun(scoring.rewarded(read), read.name, what="trajectory", fix=fix)
    job = replace(reward_job(config, first, judge), total=read.count())
    if read.retraceable is not None:
        again = {
            "source": str(read.retraceable),
            "skip_bad": skip_bad,
            "unsafe": scoring.unsafe,
            "judge": judge.model_dump(mode="json") if judge else None,
        }
        job = replace(job, resume_args=again)
    summary = worked(job, chosen)
    once_more = lambda: reward_job(config, Scoring(config, unsafe=scoring.unsafe).rewarded(read), judge)  # noqa: E731
    run = RewardRun(summary, Rewarded, source=read, again=None if read.retraceable else once_more)
    _sum_up(run, scoring, config)
    return run


def reward_config(given: RewardConfig | Path | str | None) -> RewardConfig:
    """The configuration itself, that of a TOML file, or the defaults."""
    from tactful.calibration.reward.rewards import RewardConfig, load_reward_config

    if given is None:
        return RewardConfig()
    return given if isinstance(given, RewardConfig) else load_reward_config(Path(given))


def rewarded_input(given: Any, skip_bad: bool) -> Input[Rewarded]:
    """The rewarded trajectories of a run, a file or a list."""
    from tactful.calibration.reward.rewarding import parse_rewarded
    from tactful.data.io import Rows

    def rows(path: Path) -> Rows[Rewarded]:
        return Rows(path, parse_rewarded, skip_bad=skip_bad, kind="rewarded trajectory")

    return Input.of(given, rows, kind="rewarded")


def _scorer(chosen: RunOptions) -> Callable[..., TaskScorer]:
    """Programs run where the stages of the run do."""
    from tactful.calibration.reward.task_score import TaskScorer

    if chosen.executor == "local":
        return TaskScorer
    from tactful.sandbox.on_ray import SpreadSandbox

    return partial(TaskScorer, open_cage=partial(SpreadSandbox, chosen.how_many_workers, chosen.ray_address))


def _sum_up(run: RewardRun, scoring: Scoring, config: RewardConfig) -> None:
    """What the rewards say, kept in the run and in its `summary.json`."""
    from tactful.calibration.reward.information import RewardLedger

    ledger = RewardLedger(config)
    unscored: Counter[str] = Counter()
    weak, modes = 0, set()
    for record in run:
        ledger.add(record)
        weak += record.weak
        modes.add(record.trajectory.mode)
        if record.unscored:
            unscored[record.unscored_reason] += 1
    run._ledger, run.probes, run.modes = ledger, scoring.probes, frozenset(modes)
    summary = run.summary
    summary.folder.save_summary(
        {
            "run": str(run.folder),
            "trajectories": {
                **summary.counts(),
                "unscored": sum(unscored.values()),
                "unscored_by_reason": dict(unscored),
                "weak": weak,
                "scores_reused": scoring.reused,
                "bad_lines": run.bad,
            },
            "programs_run": scoring.distinct_runs,
            "actions": [row.model_dump(mode="json") for row in ledger.rows()],
            "value_of_information": [item.model_dump(mode="json") for item in run.information],
            "probes": [probe.model_dump(mode="json") for probe in run.probes],
            "usage": summary.usage.model_dump(mode="json"),
        }
    )
