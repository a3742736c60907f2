"""What did each action earn, and would it pay to know which state one is in?

Means are over base tasks: each weighs the same, however many personas and passes it has. Intervals are 95%
percentile bootstrap, resampling base tasks; None where they cannot be estimated (fewer than two tasks).

**Value of information.** V(c, a) is the mean reward of action a in states of cell c (the wording is complete, or
open), p(c) the share of states in that cell:

    VOI = Σ_c p(c) · max_a V(c, a) − max_a Σ_c p(c) · V(c, a)        ≥ 0, in reward units

that is what a policy gains that knows perfectly whether the wording is complete, and nothing else, over the
best fixed action. Below 0.05 there is nothing to learn. As a maximum over noisy means it leans upwards when there
are few tasks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from tactful.calibration.reward.interruption import InterruptionConfig
from tactful.calibration.reward.rewards import alternatives
from tactful.calibration.types import Rewarded
from tactful.types import Record, Trajectory

LITTLE = 0.05
"""Value of information below which training a policy is pointless, in reward units."""
_RESAMPLES = 2000
_CELLS = ("complete", "open")
Floats = NDArray[np.float64]


class Mean(Record):
    """A mean over base tasks with its 95% interval; None = nothing scored, or no interval to be had."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def text(self) -> str:
        """`0.51 [0.48, 0.54]`."""
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


class ActionRow(Record):
    """What one action led to at one decision point of a domain, branches and mainline together."""

    domain: str
    decision_point: int
    action: str
    items: int
    """Scored futures."""
    unscored: int
    groups: int
    """Base tasks."""
    task_score: Mean
    interruption_cost: Mean
    reward: Mean


class Information(Record):
    """The value of knowing whether the wording is complete, in one domain."""

    domain: str
    value: Mean
    best_fixed: str = ""
    best_fixed_reward: float | None = None
    best_by_cell: Mapping[str, str] = {}
    """Cell → the action that is best there."""
    reward_by_cell: Mapping[str, Mapping[str, float]] = {}
    """Cell → action → mean reward V(c, a)."""
    states: Mapping[str, int] = {}
    """Cell → base tasks with a state in it."""
    why_not: str = ""
    """Why it could not be estimated; empty when it could."""

    @property
    def little(self) -> bool:
        """True when there is nothing to learn."""
        return self.value.value is not None and self.value.value < LITTLE


def cell_of(trajectory: Trajectory) -> str:
    """`complete` or `open`; empty when neither the wording nor the requirements tell."""
    if trajectory.wording:
        return trajectory.wording
    requirements = trajectory.hidden.requirements
    if not requirements:
        return ""
    return "open" if any(item.open for item in requirements) else "complete"


@dataclass
class _Sums:
    """Running sums of one base task."""

    items: int = 0
    unscored: int = 0
    task_score: float = 0.0
    interruption_cost: float = 0.0
    reward: float = 0.0


@dataclass
class RewardLedger:
    """Adds up futures by action while they stream past; memory grows with tasks and actions only."""

    config: InterruptionConfig
    _rows: dict[tuple[str, int, str], dict[str, _Sums]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(_Sums))
    )
    _cells: dict[str, dict[tuple[str, str, str], _Sums]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(_Sums))
    )
    """Domain → (base task, cell, action) → sums, at the first decision point."""

    def add(self, rewarded: Rewarded) -> None:
        """Take in one rewarded trajectory."""
        trajectory = rewarded.trajectory
        group = trajectory.group or trajectory.state_id
        cell = cell_of(trajectory)
        for item in alternatives(rewarded, self.config):
            sums = [self._rows[trajectory.domain, item.decision_point, item.step.action][group]]
            if item.decision_point == 0:
                sums.append(self._cells[trajectory.domain][group, cell, item.step.action])
            for total in sums:
                if item.branch is None:
                    total.unscored += 1
                    continue
                total.items += 1
                total.task_score += item.branch.task_score
                total.interruption_cost += item.branch.interruption_cost
                total.reward += item.branch.reward

    def rows(self) -> list[ActionRow]:
        """One row per domain, decision point and action."""
        return [
            ActionRow(
                domain=domain,
                decision_point=point,
                action=action,
                items=sum(one.items for one in groups.values()),
                unscored=sum(one.unscored for one in groups.values()),
                groups=len(groups),
                task_score=_mean([one.task_score / one.items for one in groups.values() if one.items]),
                interruption_cost=_mean(
                    [one.interruption_cost / one.items for one in groups.values() if one.items]
                ),
                reward=_mean([one.reward / one.items for one in groups.values() if one.items]),
            )
            for (domain, point, action), groups in sorted(self._rows.items())
        ]

    def information(self) -> list[Information]:
        """The value of information, one entry per domain."""
        return [self._information(domain) for domain in sorted(self._cells)]

    def _information(self, domain: str) -> Information:
        means = {key: one.reward / one.items for key, one in self._cells[domain].items() if one.items}
        groups = sorted({group for group, _, _ in means})
        actions = sorted({action for _, _, action in means})
        table = np.full((len(groups), len(_CELLS), len(actions)), np.nan)
        for (group, cell, action), mean in means.items():
            if cell:
                table[groups.index(group), _CELLS.index(cell), actions.index(action)] = mean
        states = np.any(~np.isnan(table), axis=2).sum(axis=0)
        if len(actions) < 2 or not states.all():
            missing = "only one action was tried" if len(actions) < 2 else "needs complete and open wordings"
            return Information(domain=domain, value=Mean(value=None), why_not=missing)
        return _summed_up(domain, table, actions, states)


def _summed_up(domain: str, table: Floats, actions: list[str], states: NDArray[Any]) -> Information:
    by_cell, share = _cell_means(table, np.arange(len(table)))
    fixed = _fixed_rewards(by_cell, share)
    return Information(
        domain=domain,
        value=_with_interval(lambda rows: _value(*_cell_means(table, rows)), len(table)),
        best_fixed=actions[int(fixed.argmax())],
        best_fixed_reward=float(fixed.max()),
        best_by_cell={cell: actions[int(by_cell[n].argmax())] for n, cell in enumerate(_CELLS)},
        reward_by_cell={
            cell: {
                action: float(by_cell[n, k]) for k, action in enumerate(actions) if np.isfinite(by_cell[n, k])
            }
            for n, cell in enumerate(_CELLS)
        },
        states={cell: int(states[n]) for n, cell in enumerate(_CELLS)},
    )


def _cell_means(table: Floats, rows: NDArray[Any]) -> tuple[Floats, Floats]:
    """V (…, cells, actions), −inf where an action was not tried, and p (…, cells) over the base tasks `rows`."""
    known = ~np.isnan(table)
    sums = np.where(known, table, 0.0)[rows].sum(axis=-3)
    items = known[rows].sum(axis=-3)
    means = np.where(items > 0, sums / np.maximum(items, 1), -np.inf)
    states = np.any(known, axis=2)[rows].sum(axis=-2)
    return means, states / states.sum(axis=-1, keepdims=True)


def _fixed_rewards(by_cell: Floats, share: Floats) -> Floats:
    """Mean reward of always taking one action, (…, actions)."""
    weights = share[..., None]
    rewards: Floats = np.where(weights > 0, weights * np.where(weights > 0, by_cell, 0.0), 0.0).sum(axis=-2)
    return rewards


def _value(by_cell: Floats, share: Floats) -> Floats:
    best = by_cell.max(axis=-1)
    informed = np.where(share > 0, share * np.where(share > 0, best, 0.0), 0.0).sum(axis=-1)
    value: Floats = informed - _fixed_rewards(by_cell, share).max(axis=-1)
    return np.maximum(value, 0.0)  # rounding only: a maximum of means is never above the mean of maxima


def _mean(by_group: list[float]) -> Mean:
    values = np.array(by_group)
    return (
        _with_interval(lambda rows: values[rows].mean(axis=-1), len(values)) if by_group else Mean(value=None)
    )


def _with_interval(statistic: Callable[[NDArray[Any]], Any], groups: int) -> Mean:
    """A statistic of base-task indices with its percentile bootstrap interval."""
    value = float(statistic(np.arange(groups)))
    if groups < 2:
        return Mean(value=value)
    found = bootstrap(
        (np.arange(groups),),
        lambda rows, axis: statistic(rows),
        n_resamples=_RESAMPLES,
        batch=200,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Mean(value=value, low=float(found.low), high=float(found.high))
