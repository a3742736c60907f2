"""The chance that a true case gets a higher probability than a false one: AUROC, for many weightings at once."""

from __future__ import annotations

import numpy as np

from tactful.stats.bootstrap import Array

_CELLS = 2_000_000  # numbers held at a time


def auroc(p: Array, true: Array, mass: Array) -> Array:
    """AUROC under each weighting `mass` (draws, items), (draws,); ties count one half; NaN with one class only."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=-1.0))
    hit = true[order] > 0
    if not hit.any() or hit.all():
        return np.full(len(mass), np.nan)
    ranked = mass[:, order]
    above = np.add.reduceat(np.where(hit, ranked, 0.0), starts, axis=1)
    below = np.add.reduceat(np.where(hit, 0.0, ranked), starts, axis=1)
    wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(wins / (above.sum(axis=1) * below.sum(axis=1)))


def group_auroc(
    p: Array, true: Array, group: Array, draws: Array, weight: Array | None = None, kind: Array | None = None
) -> Array:
    """AUROC in every draw of groups (draws, groups), of which `group` (items,) names each item's.

    `weight` (draws, kinds): what an item of each kind weighs, with `kind` (items,); by default 1. A draw with an
    undefined weight is undefined.
    """
    found = np.full(len(draws), np.nan)
    if not len(p):
        return found
    step = max(1, _CELLS // len(p))
    for at in range(0, len(draws), step):
        part = slice(at, at + step)
        mass = draws[part][:, group]
        if weight is not None:
            mass = np.where(mass > 0, mass * weight[part][:, kind], 0.0)
        found[part] = auroc(p, true, mass)
    if weight is not None:
        found[np.isnan(weight).any(axis=1)] = np.nan
    return found
