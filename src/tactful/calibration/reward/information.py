"""What did each action earn, and would it pay to know which state one is in?

Means are over base tasks: each weighs the same, however many personas and passes it has. Intervals are 95%, over base
tasks.

**Value of information.** What a policy gains that knows perfectly whether the wording is complete, and nothing else,
over the best fixed action, in reward units: with V(c, a) the mean reward of action a in states of cell c and p(c) the
share of states in that cell,

    VOI = Σ_c p(c) · V(c, a*_c) − Σ_c p(c) · V(c, a*),    a*_c and a* the best by V in the cell and over all

A maximum over noisy means leans upwards, so for each base task both actions are chosen on the others and paid by its
own rewards; the value may then come out slightly below 0, where there is nothing to gain. Below 0.05 there is
nothing to learn. `calibrate reward` and `calibrate evaluate` both ask here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.calibration.reward.interruption import InterruptionConfig
from tactful.calibration.reward.rewards import alternatives
from tactful.calibration.types import Rewarded
from tactful.stats import Estimate
from tactful.stats.bootstrap import group_draws, grouped_mean, ratio
from tactful.stats.estimate import FEWEST_OF_SKEWED
from tactful.types import Record, Trajectory

LITTLE = 0.05
"""Value of information below which training a policy is pointless, in reward units."""
_RESAMPLES = 2000
CELLS = ("complete", "open")
"""What may be known of a wording."""
Floats = NDArray[np.float64]


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
    task_score: Estimate
    interruption_cost: Estimate
    reward: Estimate


class Information(Record):
    """The value of knowing whether the wording is complete, in one domain."""

    domain: str
    value: Estimate
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
                task_score=_mean(groups, "task_score"),
                interruption_cost=_mean(groups, "interruption_cost"),
                reward=_mean(groups, "reward"),
            )
            for (domain, point, action), groups in sorted(self._rows.items())
        ]

    def information(self) -> list[Information]:
        """The value of information, one entry per domain."""
        return [self._information(domain) for domain in sorted(self._cells)]

    def _information(self, domain: str) -> Information:
        means = {key: one.reward / one.items for key, one in self._cells[domain].items() if one.items}
        groups = sorted({group for group, cell, _ in means if cell})
        actions = sorted({action for _, _, action in means})
        table = np.full((len(groups), len(CELLS), len(actions)), np.nan)
        for (group, cell, action), mean in means.items():
            if cell:
                table[groups.index(group), CELLS.index(cell), actions.index(action)] = mean
        return information(domain, table, actions)


def information(domain: str, table: Floats, actions: Sequence[str]) -> Information:
    """The value of information of mean rewards (base tasks, cells, actions); NaN where an action was not tried."""
    states = np.any(~np.isnan(table), axis=2).sum(axis=0)
    in_both = np.any(~np.isnan(table), axis=0).all(axis=0)
    missing = (
        "only one action was tried"
        if len(actions) < 2
        else "needs two base tasks that were scored and say, by their `requirements` or `wording`, whether the "
        f"request leaves anything open; there is {len(table) or 'none'}"
        if len(table) < 2
        else f"needs complete and open wordings; all are {CELLS[int(states.argmax())]}"
        if not states.all()
        else "no action was scored in both wordings"
        if not in_both.any()
        else ""
    )
    if missing:
        return Information(
            domain=domain, value=Estimate(value=None, items=0, groups=len(table)), why_not=missing
        )
    gains, items = _gains(table)
    draws = group_draws(len(table), _RESAMPLES, 0)
    by_cell, share = _cell_means(np.nansum(table, axis=0), (~np.isnan(table)).sum(axis=0), states)
    fixed = _fixed_rewards(by_cell, share)
    return Information(
        domain=domain,
        value=ratio(gains, items, draws, items=int(states.sum()), fewest=FEWEST_OF_SKEWED),
        best_fixed=actions[int(fixed.argmax())],
        best_fixed_reward=float(fixed.max()),
        best_by_cell={cell: actions[int(by_cell[n].argmax())] for n, cell in enumerate(CELLS)},
        reward_by_cell={
            cell: {
                action: float(by_cell[n, k]) for k, action in enumerate(actions) if np.isfinite(by_cell[n, k])
            }
            for n, cell in enumerate(CELLS)
        },
        states={cell: int(states[n]) for n, cell in enumerate(CELLS)},
    )


def _gains(table: Floats) -> tuple[Floats, Floats]:
    """(summed gain, number of cells) of each base task, both actions chosen on all the other base tasks."""
    known = ~np.isnan(table)
    here = np.asarray(known.any(axis=2))
    sums, items = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
    gains = np.zeros(len(table))
    for at, (own, tried) in enumerate(zip(table, known, strict=True)):
        rest = sums - np.where(tried, own, 0.0), items - tried, here.sum(axis=0) - here[at]
        by_cell, share = _cell_means(*rest)
        fixed = _fixed_rewards(by_cell, share)
        for cell in np.flatnonzero(here[at]):
            best, usual = (np.where(tried[cell], score, -np.inf) for score in (by_cell[cell], fixed))
            if np.isfinite(best.max()) and np.isfinite(usual.max()):
                gains[at] += own[cell, best.argmax()] - own[cell, usual.argmax()]
    return gains, here.sum(axis=1).astype(float)


def _cell_means(sums: Floats, items: NDArray[Any], states: NDArray[Any]) -> tuple[Floats, Floats]:
    """V (cells, actions), −inf where an action was not tried, and p (cells,)."""
    return np.where(items > 0, sums / np.maximum(items, 1), -np.inf), states / states.sum()


def _fixed_rewards(by_cell: Floats, share: Floats) -> Floats:
    """Mean reward of always taking one action, (actions,)."""
    weights = share[:, None]
    return np.asarray(np.where(weights > 0, weights * np.where(weights > 0, by_cell, 0.0), 0.0).sum(axis=0))


def _mean(groups: Mapping[str, _Sums], what: str) -> Estimate:
    scored = {group: one for group, one in groups.items() if one.items}
    return grouped_mean([getattr(one, what) / one.items for one in scored.values()], list(scored))
