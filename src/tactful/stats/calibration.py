"""Do probabilities mean what they say? Calibration error over bins, and what chance alone makes of it.

The error is a sum of absolute values, so chance always adds to it, and no resampling takes that out again: simulated,
bootstrap intervals hold the error of a calibrated judge in 4 to 70 of 100 cases. So it is given without an interval,
beside its floor: what a perfectly calibrated judge with these very probabilities shows at this size.
"""

from __future__ import annotations

import numpy as np

from tactful.stats.bootstrap import Array
from tactful.types import Record

BINS = 10
SIMULATIONS = 1000
"""Simulated sets of outcomes behind a floor."""


class Floor(Record):
    """The error that a perfectly calibrated judge with the same probabilities shows by chance."""

    mean: float
    high: float
    """95th percentile: an error below it is no evidence of bad calibration."""

    def text(self) -> str:
        """`0.042 (0.070)`: mean and 95th percentile."""
        return f"{self.mean:.3f} ({self.high:.3f})"


def even_bins(p: Array) -> Array:
    """The bin of each probability: ten of equal width; empty ones are numbered too."""
    return np.asarray(np.minimum((p * BINS).astype(int), BINS - 1))


def full_bins(p: Array) -> Array:
    """The bin of each probability: ten of equal mass, equal probabilities in one bin, so there may be fewer."""
    edges = np.unique(np.quantile(p, np.arange(1, BINS) / BINS))
    return np.asarray(np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)[1])


def calibration_error(p: Array, right: Array, places: Array) -> float:
    """ECE: mean distance of stated and real share over the bins `places`, weighted by items; NaN for none."""
    sums = np.bincount(places, weights=p - right)
    return float(np.abs(sums).sum() / len(p)) if len(p) else float("nan")


def binned(p: Array, right: Array, places: Array) -> list[tuple[float, float, int]]:
    """(mean probability, share right, items) of each of the bins `places` that holds any."""
    count, stated, hits = (np.bincount(places, weights=one) for one in (np.ones(len(p)), p, right))
    return [
        (float(stated[at] / count[at]), float(hits[at] / count[at]), int(count[at]))
        for at in np.flatnonzero(count)
    ]


def simulated(p: Array, seed: int) -> Array:
    """(SIMULATIONS, items) outcomes, were the probabilities exactly right."""
    return np.asarray(np.random.default_rng(seed).random((SIMULATIONS, len(p))) < p)


def floor_of(errors: Array) -> Floor:
    """The floor from the errors in each simulation."""
    return Floor(mean=float(errors.mean()), high=float(np.quantile(errors, 0.95)))


def error_floor(p: Array, places: Array, outcomes: Array) -> Floor:
    """The floor of `calibration_error`; `outcomes` by `simulated`."""
    bins = np.eye(int(places.max()) + 1)[places]
    return floor_of(np.abs(outcomes @ bins - p @ bins).sum(axis=1) / len(p))


def brier(p: Array, right: Array) -> float:
    """Mean squared error of probabilities; lower is better, always one half gives 0.25."""
    return float(np.mean((p - right) ** 2))
