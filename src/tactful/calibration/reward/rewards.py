"""The reward of a trajectory: R = R_task − C_interrupt, computed again at will from what is stored.

Nothing here calls a model. `reward` needs the task scores of `task_score.TaskScorer` (or of the rubric judge);
`recompute` needs nothing but the `Rewarded` record. Formulas and sources: docs/concepts/rewards.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from tactful.calibration.play.actions import first_problem
from tactful.calibration.reward.interruption import InterruptionConfig, interruption_cost, step_counts
from tactful.calibration.reward.task_score import TaskScoreForm, TaskScores, task_score
from tactful.calibration.types import Rewarded
from tactful.data.io import read_toml
from tactful.errors import ConfigError
from tactful.types import RewardedBranch, Step, Trajectory


class RewardConfig(InterruptionConfig):
    """Everything that decides about a reward; `R.toml` holds these keys."""

    task_score: TaskScoreForm = "all-or-nothing"
    """Coding: `all-or-nothing` over all tests, because code that fails a test is not done; or `share`, weighted
    by requirement. Plans are always scored by share, because half a plan is of use."""
    timeout_s: float = Field(default=5.0, ge=0.1, le=3600)
    """Time limit of one program in the sandbox; seed tasks and MBPP end in milliseconds."""
    memory_mb: int = Field(default=512, ge=16, le=1 << 20)
    """Memory limit of one program in the sandbox."""


def load_reward_config(path: Path) -> RewardConfig:
    """The configuration in `path` (TOML); what is not named keeps its default. Raises ConfigError."""
    values = read_toml(path, "the reward configuration")
    try:
        return RewardConfig.model_validate(values)
    except ValidationError as error:
        unknown = [str(item["loc"][0]) for item in error.errors() if item["type"] == "extra_forbidden"]
        problem = (
            f"unknown key '{unknown[0]}'; known keys are {', '.join(RewardConfig.model_fields)}"
            if unknown
            else f"{first_problem(error)}; correct it"
        )
        raise ConfigError(f"{path}: {problem}") from error


def reward(trajectory: Trajectory, scored: TaskScores, config: RewardConfig) -> Rewarded:
    """The trajectory with its reward and everything needed to compute it again.

    An unscored task score (None) leaves the reward None; the interruption cost is known all the same.
    """
    counts = tuple(step_counts(step) for step in trajectory.steps)
    task = task_score(scored.scores, scored.weights, scored.all_passed, config.task_score)
    cost = interruption_cost(counts, config)
    return Rewarded(
        trajectory=trajectory,
        counts=counts,
        requirement_scores=dict(scored.scores),
        requirement_weights=dict(scored.weights),
        all_passed=scored.all_passed,
        sandbox_tier=scored.tier,
        weak=scored.weak,
        task_score=task,
        interruption_cost=cost,
        reward=None if task is None else task - cost,
        reward_form=config.form,
        provenance=trajectory.provenance,
        judge=scored.judge,
        unscored_reason=scored.unscored_reason if task is None else "",
    )


def recompute(rewarded: Rewarded, config: RewardConfig) -> Rewarded:
    """The same trajectory rewarded under `config`, from its stored counts and requirement scores."""
    task = task_score(
        rewarded.requirement_scores, rewarded.requirement_weights, rewarded.all_passed, config.task_score
    )
    cost = interruption_cost(rewarded.counts, config)
    return rewarded.model_copy(
        update={
            "task_score": task,
            "interruption_cost": cost,
            "reward": None if task is None else task - cost,
            "reward_form": config.form,
        }
    )


def return_to_go(
    rewarded: Rewarded, decision_point: int, config: InterruptionConfig
) -> RewardedBranch | None:
    """What the action at `decision_point` led to: the task score minus the cost of the steps from there on.

    What was asked before is spent whatever is done now, so it does not count; the cap on the bonus holds for
    the remaining episode. None when the task score is unscored.

    Raises: IndexError, when the episode ended before `decision_point`.
    """
    action = rewarded.trajectory.steps[decision_point].action
    if rewarded.task_score is None:
        return None
    cost = interruption_cost(rewarded.counts[decision_point:], config)
    return RewardedBranch(
        action=action,
        reward=rewarded.task_score - cost,
        task_score=rewarded.task_score,
        interruption_cost=cost,
    )


@dataclass(frozen=True, slots=True)
class Alternative:
    """One action at one decision point, on the mainline or along a branch, and what it led to."""

    decision_point: int
    step: Step
    branch: RewardedBranch | None
    """The future's reward; None = unscored."""


def alternatives(rewarded: Rewarded, config: InterruptionConfig) -> Iterator[Alternative]:
    """What this trajectory contributes to comparisons between actions.

    A branch speaks for the action by which it departs. A mainline speaks for its own action at each of its
    steps; in single-turn mode that is one.
    """
    trajectory = rewarded.trajectory
    branch = bool(trajectory.parent)
    points = (trajectory.decision_point,) if branch else range(len(trajectory.steps))
    for point in points:
        yield Alternative(
            decision_point=point,
            step=trajectory.steps[point],
            branch=return_to_go(rewarded, point, config),
        )
