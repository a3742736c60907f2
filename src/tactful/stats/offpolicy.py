"""What another policy would have earned, from the log of one that drew its actions and wrote down how likely each was.

- **IPS**, inverse propensity scoring: the mean of w·r, with w = π(a|x) / p, unbiased wherever the log's policy might have
  done what π does;
- **self-normalised**: Σ w·r / Σ w, a little biased, steadier;
- **doubly robust**: the mean of Σ_a π(a|x) q(x, a) + w·(r − q(x, a)), right where p or the model q of rewards is.

Intervals: bootstrap over groups (users, conversations), as everywhere here. Where a few decisions carry all the weight no interval
holds, so the effective sample size (Σ w)² / Σ w² is shown, and below `FEWEST_EFFECTIVE` the estimate is refused.

Sources: Horvitz and Thompson 1952; Swaminathan and Joachims, NeurIPS 2015; Dudík, Langford and Li, ICML 2011; Kong 1992
(effective sample size). Coverage: `benchmarks/coverage.py --only "off policy, doubly robust"`, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tactful.errors import UserError
from tactful.stats.bootstrap import Array, group_sums, resampled
from tactful.stats.estimate import Estimate
from tactful.stats.folds import group_folds
from tactful.types import Record

FEWEST_EFFECTIVE = 50.0
"""Effective decisions below which no value is given."""
FEWEST = 15
"""Users or conversations below which no value is given; from there on it is measured how often the intervals hold."""
_UNSUPPORTED = 0.01  # share of π's decisions that the log's policy could not have made
_CERTAIN = 1 - 1e-9
_FOLDS = 5
_PULL = 4.0


@dataclass(frozen=True)
class LoggedDecisions:
    """n decisions of a policy that drew its actions."""

    propensity: Array
    """(n,) probability in (0, 1] with which the log's policy did what it did."""
    target: Array
    """(n,) probability with which the policy in question would have done the same."""
    reward: Array
    """(n,)"""
    model_taken: Array
    """(n,) q(x, a): the reward predicted for what was done, by a model that never saw the decision's group."""
    model_target: Array
    """(n,) Σ_a π(a|x) q(x, a): the reward predicted for what the policy in question would do."""
    groups: Sequence[str]
    """(n,) user or conversation."""

    def __post_init__(self) -> None:
        """Raises UserError for propensities that are none."""
        if ((self.propensity <= 0) | (self.propensity > 1)).any():
            worst = float(self.propensity[(self.propensity <= 0) | (self.propensity > 1)][0])
            raise UserError(f"a propensity of {worst:g} is logged, expected a probability above 0, at most 1")

    @property
    def weights(self) -> Array:
        """(n,) w = π(a|x) / p."""
        return self.target / self.propensity


class OffPolicyValue(Record):
    """Mean reward of a policy that was not run."""

    decisions: int
    groups: int
    effective: float
    """Effective sample size of the weights; at most `decisions`."""
    largest_weight: float
    refused: str = ""
    """Why there is no estimate; empty: there is."""
    logged: Estimate
    """Mean reward of the log's own policy."""
    ips: Estimate | None = None
    self_normalised: Estimate | None = None
    doubly_robust: Estimate | None = None


def cross_fitted(
    cells: Sequence[str], taken: Array, reward: Array, groups: Sequence[str]
) -> tuple[Array, Array]:
    """Predicted rewards (of taking the action, of not taking it) at each decision: means of its cell over other groups.

    `taken` (n,) says whether the action was taken. A cell of few decisions is pulled towards the mean of the action, as
    if by `_PULL` decisions.
    """
    predicted = np.full((2, len(reward)), reward.mean() if len(reward) else 0.0)
    names = sorted(set(groups))
    if len(names) < 2:
        return predicted[0], predicted[1]
    fold_of = group_folds(names, min(_FOLDS, len(names)))
    fold = np.array([fold_of[group] for group in groups])
    cell, took = np.asarray(cells), np.asarray(taken, dtype=bool)
    for part in np.unique(fold):
        usual = reward[fold != part].mean()
        for row, action in enumerate((True, False)):
            seen = (fold != part) & (took == action)
            overall = (reward[seen].sum() + usual) / (seen.sum() + 1)
            for value in np.unique(cell):
                here = seen & (cell == value)
                mean = (reward[here].sum() + _PULL * overall) / (here.sum() + _PULL)
                predicted[row, (fold == part) & (cell == value)] = mean
    return predicted[0], predicted[1]


def effective_size(weights: Array) -> float:
    """(Σ w)² / Σ w²: how many unweighted decisions the weighted ones are worth; 0 where no weight is above 0."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def off_policy_value(logged: LoggedDecisions, *, seed: int = 0, resamples: int = 1000) -> OffPolicyValue:
    """The three estimates with their intervals, or why there are none."""
    weights, reward = logged.weights, np.asarray(logged.reward, dtype=float)
    names, index = np.unique(np.asarray(logged.groups), return_inverse=True)
    robust = logged.model_target + weights * (reward - logged.model_taken)
    columns = [np.ones(len(reward)), reward, weights * reward, weights, robust]
    sums = group_sums(index, np.stack(columns, axis=1), len(names)) if len(reward) else np.zeros((0, 5))
    found = resampled(sums, _values, items=len(reward), seed=seed, resamples=resamples)
    effective = effective_size(weights)
    refused = _refusal(logged, effective, len(names))
    shown = {} if refused else {name: found[name] for name in ("ips", "self_normalised", "doubly_robust")}
    return OffPolicyValue(
        decisions=len(reward),
        groups=len(names),
        effective=round(effective, 1),
        largest_weight=round(float(weights.max()), 3) if len(weights) else 0.0,
        refused=refused,
        logged=found["logged"],
        **shown,
    )


def _values(rows: Array) -> dict[str, Array]:
    count, reward, weighted, weights, robust = rows.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "logged": reward / count,
            "ips": weighted / count,
            "self_normalised": weighted / weights,
            "doubly_robust": robust / count,
        }


def _refusal(logged: LoggedDecisions, effective: float, groups: int) -> str:
    if not len(logged.reward):
        return "no decision of the log has both a propensity and an outcome that is known"
    if groups < FEWEST:
        return f"the decisions are of {groups} users or conversations, {FEWEST} are needed"
    never = float(((logged.propensity >= _CERTAIN) & (logged.target < _CERTAIN)).mean())
    if never > _UNSUPPORTED:
        return (
            f"in {never:.0%} of the decisions the log's policy was certain (propensity 1) and this policy would have done "
            "something else: nothing tells what that would have led to"
        )
    if effective < FEWEST_EFFECTIVE:
        return (
            f"the effective sample size is {effective:.0f}, {FEWEST_EFFECTIVE:.0f} are needed: the log's policy hardly "
            "ever did what this policy would do"
        )
    return ""
