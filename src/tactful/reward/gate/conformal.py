"""A threshold whose mean false-alarm rate is bounded on average over calibration sets: weaker than a promise, and looser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tactful.reward.gate.losses import GRID, Floats, check_share, count_sessions, rate_losses
from tactful.types import Record


class OnAverage(Record):
    """Conformal risk control: the threshold whose risk is at most alpha on average over calibration sets."""

    alpha: float
    threshold: float | None
    """None: too few sessions, or too many false alarms at every threshold."""
    risk: float | None
    """Mean rate on the calibration sessions at `threshold`."""
    sessions: int
    reason: str = ""

    @property
    def words(self) -> str:
        """The claim in a sentence."""
        if self.threshold is None:
            return f"cannot be bounded on average: {self.reason}"
        return (
            f"on average over calibration sets like this one, the mean false-alarm rate of new sessions is at most "
            f"{self.alpha:g}; this very set may give more"
        )


def conformal_threshold(
    p: ArrayLike, accepted: ArrayLike, sessions: Sequence[str] | NDArray[Any], *, alpha: float
) -> OnAverage:
    """The loosest threshold with (sum of losses + 1) / (sessions + 1) ≤ alpha: the rate is at most `alpha` on average.

    For the rate alone: its loss never falls when the threshold does. The ratio's does, and no bound on average is
    known for it. Source: conformal risk control, arXiv:2208.02814, theorem 1.
    Raises: UserError as `promise`.
    """
    check_share("alpha", alpha)
    counts = count_sessions(p, accepted, sessions, GRID)
    losses = rate_losses(counts.false_alarms, counts.unwanted)
    at, n = int(loosest_on_average(losses, alpha)), len(losses)
    if at < 0:
        fewest = math.ceil(1 / alpha - 1 - 1e-9)
        reason = f"{n} sessions, at least {fewest} are needed for a mean of {alpha:g}"
        if n >= fewest:
            reason = f"already at {GRID[0]:g} the mean rate is {losses[:, 0].mean():.3f}"
        return OnAverage(alpha=alpha, threshold=None, risk=None, sessions=n, reason=reason)
    return OnAverage(alpha=alpha, threshold=float(GRID[at]), risk=float(losses[:, at].mean()), sessions=n)


def loosest_on_average(losses: Floats, alpha: float) -> NDArray[np.int64]:
    """Index of the last threshold of a falling grid that conformal risk control allows, (…,); −1 for none.

    `losses` (…, sessions, thresholds) in [0, 1], none of which falls along the grid.
    """
    sessions = losses.shape[-2]
    allowed = (losses.sum(axis=-2) + 1) / (sessions + 1) <= alpha + 1e-12
    return np.asarray(np.cumprod(allowed, axis=-1).sum(axis=-1) - 1, dtype=np.int64)
