"""The Pareto front of task success against interruption cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tactful.stats import Estimate
from tactful.types import Record


class Point(Record):
    """One policy in the plane: cost lower is better, success higher is better."""

    name: str
    interruption_cost: float
    task_score: float
    kind: Literal["policy", "sweep"] = "policy"
    """`policy`, or `sweep` for a policy retrained under other reward constants."""
    on_front: bool = False
    cost_interval: Estimate | None = None
    """The cost with its interval by base task."""
    task_interval: Estimate | None = None


def with_front(points: Sequence[Point]) -> list[Point]:
    """The same points, each marked whether no other point is at least as good in both and better in one."""
    return [
        point.model_copy(update={"on_front": not any(_dominates(other, point) for other in points)})
        for point in points
    ]


def _dominates(one: Point, other: Point) -> bool:
    no_worse = one.interruption_cost <= other.interruption_cost and one.task_score >= other.task_score
    better = one.interruption_cost < other.interruption_cost or one.task_score > other.task_score
    return no_worse and better
