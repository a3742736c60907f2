"""Is the mean of a loss in [0, 1] at most alpha? A bet against the contrary, for many thresholds at once.

Under the hypothesis "the mean is above alpha" the capital of a gambler who stakes b on `loss < alpha` is a
nonnegative supermartingale that starts at 1: it reaches 1/delta with probability at most delta (Ville), at whatever
session that is. When it does, the hypothesis is rejected. The stake may depend on earlier sessions alone.

Source: Waudby-Smith and Ramdas, arXiv:2010.09686 (betting, running maximum). Ours: one-sided, and the stake aims at
what is still missing to 1/delta in the sessions that are left, so that none is wasted where n is known beforehand.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BOLDNESS, MOST_BOLD = 0.95, 1 - 1e-9
"""Largest share of the capital that one session may take (a loss of 1): as a rule, and where less cannot succeed any
more even if all sessions to come are without loss."""
_SLACK = 1e-6
"""Of the log capital, for rounding."""
PRIOR_VARIANCE = 0.1
"""Of the loss, before the first session; it counts as one session. A guess: it moves the power, never the validity."""


def sessions_needed(alpha: float, delta: float) -> int:
    """Fewest sessions with which any bet can succeed: ln delta / ln(1 − alpha), rounded up; 22 at 0.1 and 0.1."""
    return math.ceil(math.log(delta) / math.log1p(-alpha) - 1e-9)


def log_capital(losses: Floats, alpha: float, delta: float) -> Floats:
    """Largest log capital against "the mean loss is above alpha", (…, thresholds); reject where it is ≥ ln(1/delta).

    `losses` (…, sessions, thresholds) in [0, 1], its sessions in an order that does not depend on the losses.
    """
    sessions, goal = losses.shape[-2], math.log(1 / delta)
    shape = losses.shape[:-2] + losses.shape[-1:]
    capital, best = np.zeros(shape), np.zeros(shape)
    total, squares = np.full(shape, alpha / 2), np.full(shape, PRIOR_VARIANCE)
    for at in range(sessions):
        missing = np.maximum(goal - capital, 0.0)
        variance = np.maximum(squares / (at + 1), 1e-6)
        stake = np.sqrt(2 * missing / ((sessions - at) * variance))
        least = np.expm1(np.minimum(missing / (sessions - at), 50.0)) / alpha
        stake = np.minimum(
            np.maximum(np.minimum(stake, BOLDNESS / (1 - alpha)), least), MOST_BOLD / (1 - alpha)
        )
        loss = losses[..., at, :]
        capital = capital + np.log1p(stake * (alpha - loss))
        best = np.maximum(best, capital)
        total = total + loss
        squares = squares + (loss - total / (at + 2)) ** 2
    return best


def loosest_certified(losses: Floats, alpha: float, delta: float) -> NDArray[np.int64]:
    """Index of the last threshold of the falling grid that is certified, (…,); −1 where not even the first is.

    Fixed-sequence testing: each hypothesis gets the whole delta, and the first that is not rejected ends the test, so
    that a wrong certificate has probability at most delta, whatever the shape of the risk.
    Source: Learn then Test, arXiv:2110.01052, section on fixed sequences.
    """
    rejected = log_capital(losses, alpha, delta) >= math.log(1 / delta) - _SLACK
    return np.asarray(np.cumprod(rejected, axis=-1).sum(axis=-1) - 1, dtype=np.int64)
