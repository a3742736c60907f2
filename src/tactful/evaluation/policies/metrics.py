"""Figures of a policy's walks: success, cost, questions, query efficiency, sensitivity, regret."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.evaluation.policies.walking.walk import Taken, Walk
from tactful.stats import Estimate
from tactful.stats.bootstrap import Array, grouped_gap, grouped_mean
from tactful.types import PublicState, Record

MEASURES: dict[str, str] = {
    "reward": "R = R_task − C_interrupt; higher is better",
    "task_score": "R_task in [0, 1]; higher is better",
    "interruption_cost": "C_interrupt; lower is better, negative when questions were welcome",
    "questions": "questions per task",
    "rejections": "rejected messages per task",
    "turns": "assistant messages until the solution, completed tasks only; lower is more query-efficient",
    "completed": "share of tasks that ended with a solution",
    "regret": "best reward in hindsight − reward; lower is better, 0 is perfect",
}
"""Measure → what it means, as printed in the report."""


class LeafScores(Record):
    """Scores of one leaf; None = unscored."""

    reward: float | None
    task_score: float | None
    interruption_cost: float


TreeScores = Sequence[Mapping[int, LeafScores]]
"""For each tree: leaf index → scores."""


def outcome_columns(
    trees: Sequence[ActionTree], scores: TreeScores, walks: Sequence[Walk]
) -> dict[str, Array]:
    """One value per walk for every entry of `MEASURES`; NaN where unscored (turns: where not completed)."""
    rows: dict[str, list[float | None]] = {name: [] for name in MEASURES}
    for walk in walks:
        tree = trees[walk.tree]
        at_leaf = scores[walk.tree][walk.leaf]
        steps = tree.steps(walk.leaf)
        known = [score.reward for score in scores[walk.tree].values() if score.reward is not None]
        reward = np.nan if at_leaf.reward is None else at_leaf.reward
        completed = tree.nodes[walk.leaf].solution is not None
        rows["reward"].append(reward)
        rows["task_score"].append(at_leaf.task_score)
        rows["interruption_cost"].append(at_leaf.interruption_cost)
        rows["questions"].append(sum(step.questions for step in steps))
        rows["rejections"].append(sum(step.reaction.reject_signal for step in steps))
        rows["turns"].append(len(steps) if completed else np.nan)
        rows["completed"].append(float(completed))
        rows["regret"].append(max(known) - reward if known else np.nan)
    return {name: np.array(values, dtype=float) for name, values in rows.items()}


def summarise(outcomes: Mapping[str, Array], groups: Array) -> dict[str, Estimate]:
    """Every measure with its interval by base task."""
    return {name: grouped_mean(outcomes[name], groups) for name in MEASURES}


class Sensitivity(Record):
    """How the ask rate moves with what the policy can see. Differences of ask rates in [−1, 1], by base task.

    What counts as asking is a question that was put: an action whose questions are spent asks nothing.
    None where one side has no decision (or all requests are equally clear), so that there is nothing to compare.
    """

    open_minus_clear: Estimate | None
    """First decisions: ask rate in the least clear third minus that in the clearest third; positive is tactful."""
    patient_minus_impatient: Estimate | None
    """First decisions with users who answered at least two earlier questions: those who rejected at most a quarter
    minus those who rejected more; positive is tactful."""
    before_minus_after_rejection: Estimate | None
    """Ask rate where nothing was rejected in this task minus that after a rejection; positive is tactful."""
    ask_rate: Estimate | None
    """Share of first decisions that asked; None without any."""


def sensitivity(walks: Sequence[Walk], groups: Array) -> Sensitivity:
    """Ask rates of `walks`; `groups` holds the base task of each."""
    first = [(walk.decisions[0], group) for walk, group in zip(walks, groups, strict=True)]
    every = [(taken, group) for walk, group in zip(walks, groups, strict=True) for taken in walk.decisions]
    known = [(taken, group) for taken, group in first if taken.state.user.questions >= 2]
    clarity = [taken.state.query_clarity for taken, _ in first]
    low, high = np.quantile(clarity, [1 / 3, 2 / 3]) if clarity else (0.0, 0.0)
    return Sensitivity(
        open_minus_clear=_gap(first, lambda s: s.query_clarity <= low, lambda s: s.query_clarity >= high)
        if low < high
        else None,
        patient_minus_impatient=_gap(known, _is_patient, lambda s: not _is_patient(s)),
        before_minus_after_rejection=_gap(every, lambda s: not s.prev_reject, lambda s: s.prev_reject > 0),
        ask_rate=grouped_mean([float(taken.asked) for taken, _ in first], [group for _, group in first])
        if first
        else None,
    )


def action_shares(walks: Sequence[Walk], groups: Array, actions: Sequence[str]) -> dict[str, Estimate]:
    """Share of each action among first decisions, by base task."""
    first = np.array([walk.decisions[0].action for walk in walks])
    return {action: grouped_mean((first == action).astype(float), groups) for action in actions}


def _is_patient(state: PublicState) -> bool:
    return state.user.rejected / state.user.questions <= 0.25


def _gap(
    rows: Sequence[tuple[Taken, str]],
    one: Callable[[PublicState], bool],
    other: Callable[[PublicState], bool],
) -> Estimate | None:
    return grouped_gap(
        [float(taken.asked) for taken, _ in rows],
        np.array([one(taken.state) for taken, _ in rows], dtype=bool),
        np.array([other(taken.state) for taken, _ in rows], dtype=bool),
        [group for _, group in rows],
    )
