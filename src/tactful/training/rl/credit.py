"""What a talk earned: the reward of the whole, and of each message what followed from it.

The reward of a message is its return to go: the task score minus what was asked from there on. So a question carries its own
cost and what its answer was good for, and not the cost of the questions before it. UserRL (arXiv:2509.19736) found the
score of the whole trajectory ahead of credit by turn; both are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tactful.calibration.reward.rewards import RewardConfig, return_to_go, reward
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.types import Rewarded
from tactful.types import Trajectory


@dataclass(frozen=True)
class Credit:
    """One finished talk with its rewards."""

    rewarded: Rewarded
    turns: tuple[float | None, ...]
    """Return to go at each message; the first is the whole reward. None = unscored."""

    @property
    def reward(self) -> float | None:
        """R_task − C_interrupt; None = unscored, which is never 0."""
        return self.rewarded.reward

    def figures(self) -> dict[str, float]:
        """What is counted beside the reward, without what is unscored."""
        record = self.rewarded
        found = {
            "task_score": record.task_score,
            "interruption_cost": record.interruption_cost,
            "questions": float(sum(step.questions for step in record.counts)),
            "rejected": float(sum(step.rejected for step in record.counts)),
            "messages": float(len(record.counts)),
            "delivered": float(record.trajectory.end == "completed"),
        }
        return {name: value for name, value in found.items() if value is not None}


def credits_of(trajectories: Sequence[Trajectory], scorer: TaskScorer, config: RewardConfig) -> list[Credit]:
    """The credit of each, in order. Raises: SafetyRefusal where code needs a cage and there is none."""
    scored = scorer.score_all(trajectories)
    return [
        _credit(reward(one, scores, config), config) for one, scores in zip(trajectories, scored, strict=True)
    ]


def _credit(record: Rewarded, config: RewardConfig) -> Credit:
    found = (return_to_go(record, at, config) for at in range(len(record.trajectory.steps)))
    return Credit(record, tuple(None if item is None else item.reward for item in found))
