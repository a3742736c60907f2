"""Means with intervals that respect groups: a base task is the unit, however many episodes it has."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from tactful.types import Record

_MOST_CELLS = 4_000_000
"""Numbers that the bootstrap holds at a time: its jackknife alone would take the square of the number of groups."""


class Estimate(Record):
    """A mean of group means with its 95% interval.

    `value` is None when nothing was scored; `low` and `high` are None when no interval can be estimated
    (fewer than two groups, or all groups equal: "not estimable" is not "certain").
    """

    value: float | None
    low: float | None
    high: float | None
    items: int
    """Scored items."""
    groups: int
    unscored: int = 0
    """Items left out because they have no value."""

    @property
    def above_zero(self) -> bool:
        """True when the whole interval is above 0."""
        return self.low is not None and self.low > 0

    def text(self, digits: int = 3) -> str:
        """`0.512 [0.480, 0.544]`, or what is missing in words."""
        if self.value is None:
            return "nothing scored"
        if self.low is None or self.high is None:
            return f"{self.value:.{digits}f} [interval not estimable]"
        return f"{self.value:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def group_means(values: NDArray[Any], groups: Sequence[str] | NDArray[Any]) -> NDArray[Any]:
    """Mean of `values` within each group, in order of group name. NaN values are left out, empty groups too."""
    known = ~np.isnan(values)
    names, index = np.unique(np.asarray(groups)[known], return_inverse=True)
    sums = np.bincount(index, weights=values[known], minlength=len(names))
    return sums / np.bincount(index, minlength=len(names))


def grouped_mean(
    values: Sequence[float] | NDArray[Any],
    groups: Sequence[str] | NDArray[Any],
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> Estimate:
    """Mean of group means and its BCa bootstrap interval (95%), resampling groups.

    `values` (n,) may hold NaN for unscored items: they are left out and counted. For a paired comparison pass
    the differences item by item.
    """
    data = np.asarray(values, dtype=float)
    unscored = int(np.isnan(data).sum())
    means = group_means(data, groups)
    sizes = {"items": len(data) - unscored, "groups": len(means), "unscored": unscored}
    if not len(means):
        return Estimate(value=None, low=None, high=None, **sizes)
    value = float(means.mean())
    if len(means) < 2 or np.ptp(means) < 1e-12:
        return Estimate(value=value, low=None, high=None, **sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate resamples: reported as "not estimable" below
        found = bootstrap(
            (means,),
            np.mean,
            n_resamples=resamples,
            method="BCa",
            batch=max(1, _MOST_CELLS // len(means)),
            rng=np.random.default_rng(seed),
            vectorized=True,
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Estimate(value=value, low=None, high=None, **sizes)
    return Estimate(value=value, low=low, high=high, **sizes)


def grouped_gap(
    values: Sequence[float] | NDArray[Any],
    left: NDArray[Any],
    right: NDArray[Any],
    groups: Sequence[str] | NDArray[Any],
    *,
    seed: int = 0,
    resamples: int = 1000,
) -> Estimate | None:
    """Mean of `values` where `left` minus mean where `right` (masks), and its 95% interval; None with an empty side.

    A ratio of sums, so the interval is the percentile one over resampled groups; draws that leave a side empty
    are left out, and the interval is not estimable when most do.
    """
    data = np.asarray(values, dtype=float)
    if not left.any() or not right.any():
        return None
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    sums = [np.bincount(index, weights=data * side, minlength=len(names)) for side in (left, right)]
    counts = [np.bincount(index, weights=side, minlength=len(names)) for side in (left, right)]
    value = float(data[left].mean() - data[right].mean())
    sizes = {"items": int((left | right).sum()), "groups": len(names)}
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), resamples
    )
    found = [draws @ count for count in counts]
    full = (found[0] > 0) & (found[1] > 0)
    gaps = (draws @ sums[0])[full] / found[0][full] - (draws @ sums[1])[full] / found[1][full]
    if len(names) < 2 or len(gaps) < resamples / 2 or np.ptp(gaps) < 1e-12:
        return Estimate(value=value, low=None, high=None, **sizes)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return Estimate(value=value, low=float(low), high=float(high), **sizes)
