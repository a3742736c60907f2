"""Intervals that respect groups: a base task, session, dialogue or user is the unit, however many items it has.

A bootstrap over few groups is too narrow, for two reasons that are both known exactly for a mean of normal values: the
spread among n drawn values is smaller by (n − 1)/n, and the spread itself is only estimated, which Student's t allows
for. So the quantiles are taken further out: at 8 groups 0.6% and 99.4%, at 30 1.9% and 98.1%, at 100 2.3% and 97.7%.
Source: the expanded percentile interval of Hesterberg, arXiv:1411.5279, section 4.3. Measured by benchmarks/coverage.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.stats.estimate import FEWEST_GROUPS, Estimate

Array = NDArray[Any]
Statistic = Callable[[Array], Mapping[str, Array]]
"""Sums over groups, one row per draw → named figures, one value per draw; NaN where undefined."""

_MOST_CELLS = 4_000_000
"""Numbers that the bootstrap holds at a time."""
_MOST_FOR_BCA = 2000
"""Groups up to which the interval of a mean is BCa: its jackknife takes the square of their number."""
_MOST_FOR_MULTINOMIAL = 1000
_CHUNK = 100  # draws whose weights are held at a time, at the most
_FLAT = 1e-12


@lru_cache
def tail(groups: int) -> float:
    """Share of the draws that is left out on either side, for a 95% interval over so many groups (two or more)."""
    from scipy.special import ndtr, stdtrit

    return float(ndtr(-np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, 0.975)))


def estimate(
    value: float, draws: Array, *, items: int, groups: int, unscored: int = 0, fewest: int = FEWEST_GROUPS
) -> Estimate:
    """A value with the quantiles of its draws over groups.

    `value` is None where it is undefined; the interval is not estimable from fewer than `fewest` groups, when a
    tenth of the draws is undefined, or when all draws are equal.
    """
    sizes = {"items": items, "groups": groups, "unscored": unscored}
    if not np.isfinite(value):
        return Estimate(value=None, **sizes)
    known = draws[np.isfinite(draws)]
    if groups < fewest or len(known) < 0.9 * len(draws) or np.ptp(known) < _FLAT:
        return Estimate(value=float(value), **sizes)
    low, high = np.quantile(known, [tail(groups), 1 - tail(groups)])
    return Estimate(value=float(value), low=float(low), high=float(high), **sizes)


# ---------------------------------------------------------------- draws


def group_draws(groups: int, resamples: int, seed: int) -> Array:
    """(resamples, groups): how often each group is drawn."""
    if not groups:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng(seed)
    return rng.multinomial(groups, np.full(groups, 1 / groups), resamples).astype(float)


def group_sums(index: Array, values: Array, groups: int) -> Array:
    """(groups, width) sums of the rows of `values` (items, width), whose groups are `index` (items,)."""
    sums = np.zeros((groups, values.shape[1]))
    np.add.at(sums, index, values)
    return sums


def resampled(
    sums: Array, statistic: Statistic, *, items: int, unscored: int = 0, seed: int = 0, resamples: int = 1000
) -> dict[str, Estimate]:
    """Figures that are functions of sums over groups (groups, width), recomputed in every draw.

    Two rows of figures side by side in `sums` give a paired difference; a sparse array serves where most are zero. Memory
    does not grow with the draws.
    """
    count, width = sums.shape
    whole = statistic(sums.sum(axis=0)[None, :])
    rng = np.random.default_rng(seed)
    parts: list[Mapping[str, Array]] = []
    chunk = min(_CHUNK, max(1, _MOST_CELLS // max(1, count, width)))
    for left in range(resamples if count >= FEWEST_GROUPS else 0, 0, -chunk):
        parts.append(statistic(_weights(rng, count, min(chunk, left)) @ sums))
    return {
        name: estimate(
            float(value[0]),
            np.concatenate([part[name] for part in parts]) if parts else value,
            items=items,
            groups=count,
            unscored=unscored,
        )
        for name, value in whole.items()
    }


def _weights(rng: np.random.Generator, groups: int, draws: int) -> Array:
    """(draws, groups): how often each group is drawn. Many groups are thrown one by one, which is several times as fast."""
    if groups <= _MOST_FOR_MULTINOMIAL:
        return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws).astype(float)
    thrown = rng.integers(groups, size=(draws, groups), dtype=np.int32)
    return np.stack([np.bincount(row, minlength=groups) for row in thrown]).astype(float)


def ratio(
    top: Array, bottom: Array, draws: Array, *, items: int, unscored: int = 0, fewest: int = FEWEST_GROUPS
) -> Estimate:
    """Sum of `top` over sum of `bottom` (groups,), by `group_draws`; undefined where nothing is below the line."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(np.divide(top.sum(), bottom.sum()))
        drawn = (draws @ top) / (draws @ bottom)
    return estimate(value, drawn, items=items, groups=len(top), unscored=unscored, fewest=fewest)


# ---------------------------------------------------------------- means


def group_means(values: Array, groups: Sequence[str] | Array) -> Array:
    """Mean of `values` within each group, in order of group name. NaN values are left out, empty groups too."""
    known = ~np.isnan(values)
    names, index = np.unique(np.asarray(groups)[known], return_inverse=True)
    sums = np.bincount(index, weights=values[known], minlength=len(names))
    return sums / np.bincount(index, minlength=len(names))


def grouped_mean(
    values: Sequence[float] | Array,
    groups: Sequence[str] | Array,
    *,
    seed: int = 0,
    resamples: int = 2000,
) -> Estimate:
    """Mean of group means and its BCa bootstrap interval, resampling groups.

    `values` (n,) may hold NaN for unscored items: they are left out and counted. For a paired comparison pass
    the differences item by item.
    """
    data = np.asarray(values, dtype=float)
    unscored = int(np.isnan(data).sum())
    means = group_means(data, groups)
    sizes = {"items": len(data) - unscored, "groups": len(means), "unscored": unscored}
    if not len(means):
        return Estimate(value=None, **sizes)
    value = float(means.mean())
    if len(means) < FEWEST_GROUPS or np.ptp(means) < _FLAT:
        return Estimate(value=value, **sizes)
    from scipy.stats import bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # degenerate resamples: reported as "not estimable" below
        found = bootstrap(
            (means,),
            np.mean,
            n_resamples=resamples,
            method="BCa" if len(means) <= _MOST_FOR_BCA else "percentile",
            confidence_level=1 - 2 * tail(len(means)),
            batch=max(1, _MOST_CELLS // len(means)),
            rng=np.random.default_rng(seed),
            vectorized=True,
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    if not (np.isfinite(low) and np.isfinite(high)):
        return Estimate(value=value, **sizes)
    return Estimate(value=value, low=low, high=high, **sizes)


def grouped_gap(
    values: Sequence[float] | Array,
    left: Array,
    right: Array,
    groups: Sequence[str] | Array,
    *,
    seed: int = 0,
    resamples: int = 1000,
) -> Estimate | None:
    """Mean of `values` where `left` minus mean where `right` (masks), over resampled groups; None with an empty side.

    Draws that leave a side empty are undefined.
    """
    data = np.asarray(values, dtype=float)
    if not left.any() or not right.any():
        return None
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    sums = group_sums(index, np.stack([data * left, data * right, left, right], axis=1), len(names))

    def gap(rows: Array) -> dict[str, Array]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return {"gap": rows[:, 0] / rows[:, 2] - rows[:, 1] / rows[:, 3]}

    return resampled(sums, gap, items=int((left | right).sum()), seed=seed, resamples=resamples)["gap"]
