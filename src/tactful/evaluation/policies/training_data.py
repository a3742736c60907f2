"""Rewarded trajectories as decisions: what cross-fitting and the sweep train on, re-scored without rollouts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.calibration.reward.rescoring import RewardColumns, rescore
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.types import Rewarded
from tactful.errors import UserError
from tactful.policy.features import feature_matrix
from tactful.policy.table import Floats, Ints, PairTable


@dataclass(frozen=True)
class Decisions:
    """One row for each action at each decision point: the mainline's own and every branch's."""

    actions: tuple[str, ...]
    columns: RewardColumns
    """Counts of the whole episode of each row."""
    start: Ints
    """(n,) Index of the step at which the decision was taken."""
    states: Floats
    """(n, features)"""
    action: Ints
    decision: NDArray[Any]
    """(n,) Name of the decision point; rows of one name are compared."""
    groups: NDArray[Any]

    @classmethod
    def from_rewarded(cls, records: Iterable[Rewarded], actions: Sequence[str]) -> Decisions:
        """Rows of `records`. Raises UserError when there are none, or an action is not among `actions`."""
        rows: list[Rewarded] = []
        start: list[int] = []
        decision: list[str] = []
        for record in records:
            trajectory = record.trajectory
            first = trajectory.decision_point
            points = (
                [first] if trajectory.parent or trajectory.mode == "single" else range(len(trajectory.steps))
            )
            scope = f"{trajectory.state_id}/{trajectory.persona}/{trajectory.pass_index}"
            main = "single" if trajectory.mode == "single" else trajectory.parent or trajectory.id
            for point in points:
                rows.append(record)
                start.append(point)
                decision.append(f"{scope}/{main}/{point}")
        if not rows:
            raise UserError(
                "there is no rewarded trajectory of this domain to learn from; run 'tactful calibrate reward' first"
            )
        steps = [record.trajectory.steps[point] for record, point in zip(rows, start, strict=True)]
        if unknown := sorted({step.action for step in steps} - set(actions)):
            raise UserError(f"the trajectories hold the actions {unknown}, expected {list(actions)}")
        index = {action: position for position, action in enumerate(actions)}
        return cls(
            actions=tuple(actions),
            columns=RewardColumns.from_rewarded(rows),
            start=np.array(start, dtype=np.int64),
            states=feature_matrix([step.state for step in steps]),
            action=np.array([index[step.action] for step in steps], dtype=np.int64),
            decision=np.array(decision),
            groups=np.array([record.trajectory.group for record in rows]),
        )

    def pairs(self, config: RewardConfig, *, min_margin: float) -> PairTable:
        """All pairs within each decision point under `config`, by the reward of the future; no rollout is made.

        They are those of `calibrate pairs --select all` with the same `min_margin`.
        """
        returns = rescore(self.columns, config, start=self.start)
        return PairTable.from_returns(
            self.actions,
            self.states,
            self.decision,
            self.action,
            returns.reward,
            self.groups,
            min_margin=min_margin,
        )
