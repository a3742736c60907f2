"""A calibrated linear head over any table of features. Every choice is made inside the rows that it is given.

Logistic regression on standardised columns with soft targets; both outcomes weigh the same while it is fitted, and
Platt scaling of out-of-group scores brings the probabilities back to the base rate of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tactful.errors import UserError
from tactful.stats import group_folds

Floats = NDArray[np.float64]

PENALTIES = (0.0005, 0.002, 0.008, 0.03, 0.1)
"""scikit-learn's `C` that are tried, for weights that sum to the number of rows; smaller = simpler."""
MOST_FOLDS = 5
_CUT = 4.0
"""Standardised values are cut off at ± this: a column cannot be pushed without end."""
_FLAT = 1e-9
_SURE = 1e-6


@dataclass(frozen=True)
class Head:
    """A fitted head. `values` are always (n, d), the columns those of `names`."""

    names: tuple[str, ...]
    centre: Floats
    """Mean of each column over the training rows, (d,)."""
    spread: Floats
    """Standard deviation of each column, (d,); 1 for a column that does not vary."""
    weights: Floats
    """On standardised columns, (d,)."""
    bias: float
    slope: float
    """Platt scaling: calibrated log-odds = slope · score + offset; 0 when the scores told nothing out of group."""
    offset: float
    penalty: float
    base_rate: float
    """Share of the training rows whose outcome is true: the rate that the probabilities are meant at."""
    rows: int
    groups: int

    def logit(self, values: Floats) -> Floats:
        """Calibrated log-odds, (n,); higher = surer of the outcome."""
        return self.slope * (self._standard(values) @ self.weights + self.bias) + self.offset

    def probability(self, values: Floats) -> Floats:
        """Calibrated probability in [0, 1], (n,), at the base rate of the training rows."""
        return _sigmoid(self.logit(values))

    def contributions(self, values: Floats) -> Floats:
        """What each column adds to the calibrated log-odds against an average training row, (n, d)."""
        return self.slope * self._standard(values) * self.weights

    def _standard(self, values: Floats) -> Floats:
        return np.clip((np.asarray(values, dtype=float) - self.centre) / self.spread, -_CUT, _CUT)


def fit_head(
    values: Floats,
    names: Sequence[str],
    targets: Floats,
    weights: Floats,
    groups: Sequence[str] | NDArray[np.str_],
    *,
    seed: int = 0,
    outcomes: NDArray[np.bool_] | None = None,
    also: Floats | None = None,
) -> Head:
    """Fit a head on `values` (n, d).

    `targets` (n,) in [0, 1] may be soft, a share of votes; `outcomes` (n,) are the verdicts that probabilities are
    calibrated on, by default whether a target is above one half. `weights` (n,) > 0 say how much a row counts.
    The penalty is the one with the smallest out-of-group log loss, the Platt scaling is fitted on those out-of-group
    scores: no row is scored by a fit that saw its group. `also` (n, d) are second readings of the rows, of which the
    lower score will hold: then the scaling is fitted on the lower of both, for that is what it will be applied to.
    Raises: UserError with fewer than two groups, or when all outcomes are the same.
    """
    table = np.asarray(values, dtype=float)
    soft = np.asarray(targets, dtype=float)
    truth = soft > 0.5 if outcomes is None else np.asarray(outcomes, dtype=bool)
    names_of_groups = np.asarray(groups).astype(str)
    count = len(np.unique(names_of_groups))
    if count < 2:
        raise UserError(
            f"{count} group for {len(table)} rows: choices are made on groups held out; give data of two or more"
        )
    if truth.all() or not truth.any():
        raise UserError(
            f"all {len(table)} outcomes are {str(bool(truth[0])).lower()}: there is nothing to tell apart; "
            "give data with both"
        )
    with threadpool_limits(1):
        folds = group_folds(names_of_groups.tolist(), min(MOST_FOLDS, count), seed)
        fold = np.array([folds[name] for name in names_of_groups])
        scored = [_out_of_group(table, soft, weights, fold, penalty) for penalty in PENALTIES]
        losses = [_balanced_loss(scores, soft, weights) for scores in scored]
        best = int(np.argmin(losses))
        scores = scored[best]
        if also is not None:
            second = _out_of_group(table, soft, weights, fold, PENALTIES[best], np.asarray(also, dtype=float))
            scores = np.minimum(scores, second)
        slope, offset = platt(scores, truth, weights)
        centre, spread, coefficients, bias = _fit(table, soft, weights, PENALTIES[best])
    return Head(
        names=tuple(names),
        centre=centre,
        spread=spread,
        weights=coefficients,
        bias=bias,
        slope=slope,
        offset=offset,
        penalty=PENALTIES[best],
        base_rate=float(np.average(truth, weights=weights)),
        rows=len(table),
        groups=count,
    )


def _fit(
    values: Floats, targets: Floats, weights: Floats, penalty: float
) -> tuple[Floats, Floats, Floats, float]:
    """(centre, spread, weights, bias) of one fit; both outcomes weigh the same."""
    from sklearn.linear_model import LogisticRegression

    centre, spread = values.mean(axis=0), values.std(axis=0)
    spread = np.where(spread < _FLAT, 1.0, spread)
    standard = np.clip((values - centre) / spread, -_CUT, _CUT)
    shares = _balanced(targets, weights)
    if shares is None:  # one outcome alone in this part: its scores tell nothing
        return centre, spread, np.zeros(values.shape[1]), 0.0
    model = LogisticRegression(C=penalty, max_iter=1000)
    outcome = np.repeat([1, 0], len(values))
    model.fit(np.vstack([standard, standard]), outcome, sample_weight=np.concatenate(shares) * len(values))
    return centre, spread, model.coef_[0].astype(float), float(model.intercept_[0])


def _balanced(targets: Floats, weights: Floats) -> tuple[Floats, Floats] | None:
    """(weight of each row as true, as false); each side sums to one half. None when a side is empty."""
    true, false = targets * weights, (1 - targets) * weights
    if true.sum() <= 0 or false.sum() <= 0:
        return None
    return true / true.sum() / 2, false / false.sum() / 2


def _out_of_group(
    values: Floats,
    targets: Floats,
    weights: Floats,
    fold: NDArray[np.int_],
    penalty: float,
    read: Floats | None = None,
) -> Floats:
    """Score (log-odds) of every row, or of its second reading in `read`, by a fit without its fold."""
    scores = np.zeros(len(values))
    for number in np.unique(fold):
        inside, outside = fold == number, fold != number
        centre, spread, coefficients, bias = _fit(
            values[outside], targets[outside], weights[outside], penalty
        )
        rows = (values if read is None else read)[inside]
        standard = np.clip((rows - centre) / spread, -_CUT, _CUT)
        scores[inside] = standard @ coefficients + bias
    return scores


def _balanced_loss(scores: Floats, targets: Floats, weights: Floats) -> float:
    """Log loss with both outcomes weighing the same; lower = better."""
    shares = _balanced(targets, weights)
    if shares is None:
        return 0.0
    p = np.clip(_sigmoid(scores), _SURE, 1 - _SURE)
    return float(-(shares[0] @ np.log(p) + shares[1] @ np.log(1 - p)))


def platt(scores: Floats, outcomes: NDArray[np.bool_], weights: Floats) -> tuple[float, float]:
    """(slope ≥ 0, offset) from scores to log-odds, with Platt's smoothed targets.

    Scores that point the wrong way out of group tell nothing: slope 0, and every row gets the base rate.
    """
    from sklearn.linear_model import LogisticRegression

    true, false = int(outcomes.sum()), int((~outcomes).sum())
    soft = np.where(outcomes, (true + 1) / (true + 2), 1 / (false + 2))
    rate = float(np.average(soft, weights=weights))
    if np.ptp(scores) < _FLAT:
        return 0.0, float(np.log(rate / (1 - rate)))
    model = LogisticRegression(C=1e6, max_iter=1000)
    twice = np.concatenate([scores, scores])[:, None]
    share = np.concatenate([soft * weights, (1 - soft) * weights])
    model.fit(twice, np.repeat([1, 0], len(scores)), sample_weight=share)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        return 0.0, float(np.log(rate / (1 - rate)))
    return slope, float(model.intercept_[0])


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0.0, -np.asarray(scores, dtype=float))))
