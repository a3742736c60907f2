"""The seconds between events: two lognormal components, and how persons differ in pace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactful.gym.rules.parameters import GapParameters

Array = NDArray[Any]
FEWEST_GAPS = 60
_ROUNDS = 60
_LEAST_S = 0.05
"""Gaps below it are of two events that a recorder wrote at once."""
_NARROWEST = 0.1
FEWEST_OF_ONE = 4
"""Gaps of a session that says something of its pace."""


class Gaps(NamedTuple):
    """What was fitted, in the order of the table."""

    quick_share: float
    quick_median_s: float
    quick_spread: float
    slow_median_s: float
    slow_spread: float
    pace: float
    """Standard deviation of the logarithm of a person's factor."""


def usable_gaps(gaps: Sequence[float]) -> list[float]:
    """Those that say something of the person."""
    return [gap for gap in gaps if gap >= _LEAST_S]


def fit_gaps(sessions: Sequence[Sequence[float]], start: GapParameters) -> Gaps | None:
    """Gaps of each session; None where they are too few."""
    logs = [np.log(usable_gaps(gaps)) for gaps in sessions]
    logs = [one for one in logs if len(one) >= FEWEST_OF_ONE]
    if sum(map(len, logs)) < FEWEST_GAPS or len(logs) < 2:
        return None
    pace, shifts = _paces(logs)
    pooled = np.concatenate([one - shift for one, shift in zip(logs, shifts, strict=True)])
    means = np.log([start.quick_median_s, start.slow_median_s])
    spreads = np.array([start.quick_spread, start.slow_spread])
    shares = np.array([start.quick_share, 1 - start.quick_share])
    for _ in range(_ROUNDS):
        shares, means, spreads = _step(pooled, shares, means, spreads)
    first, second = (0, 1) if means[0] <= means[1] else (1, 0)
    return Gaps(
        quick_share=float(shares[first]),
        quick_median_s=float(np.exp(means[first])),
        quick_spread=float(spreads[first]),
        slow_median_s=float(np.exp(means[second])),
        slow_spread=float(spreads[second]),
        pace=pace,
    )


def _paces(logs: Sequence[Array]) -> tuple[float, list[float]]:
    """Standard deviation of the sessions' mean logs beyond chance, and each session's shift, shrunk accordingly."""
    means = np.array([one.mean() for one in logs])
    noise = np.array([one.var(ddof=1) / len(one) for one in logs])
    variance = max(0.0, float(means.var(ddof=1) - noise.mean()))
    shrunk = variance / (variance + noise) if variance else np.zeros(len(logs))
    return float(np.sqrt(variance)), list(shrunk * (means - means.mean()))


def _step(logs: Array, shares: Array, means: Array, spreads: Array) -> tuple[Array, Array, Array]:
    """One round of expectation and maximisation."""
    z = (logs[:, None] - means) / spreads
    density = shares / spreads * np.exp(-(z**2) / 2) + 1e-300
    mass = density / density.sum(axis=1, keepdims=True)
    total = mass.sum(axis=0) + 1e-9
    means = (mass * logs[:, None]).sum(axis=0) / total
    spreads = np.sqrt((mass * (logs[:, None] - means) ** 2).sum(axis=0) / total)
    return total / total.sum(), means, np.maximum(spreads, _NARROWEST)
