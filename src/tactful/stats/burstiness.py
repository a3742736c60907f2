"""How unevenly events follow each other: burstiness B = (σ − μ) / (σ + μ) of the seconds between them.

−1 for a clock's tick, 0 for events at random (a Poisson process), towards 1 for bursts with long pauses.
Source: Goh and Barabási, EPL 81, 48002 (2008).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

from tactful.stats.bootstrap import group_draws, group_means, ratio
from tactful.stats.estimate import FEWEST_GROUPS, Estimate

FEWEST_GAPS = 2
"""With fewer gaps a sequence has no burstiness."""


def gaps_s(times: Iterable[datetime | None]) -> list[float]:
    """Seconds between neighbours; where one has no time, or the clock was set back between them, nothing is known: left out."""
    pairs = itertools.pairwise(times)
    found = [(later - earlier).total_seconds() for earlier, later in pairs if earlier and later]
    return [gap for gap in found if gap >= 0]


def burstiness(gaps: Sequence[float], *, finite_size: bool = False) -> float | None:
    """B of one sequence of gaps, σ over the gaps themselves; None with fewer than two gaps, or when all are 0.

    Of n gaps, B is at most (√(n−1) − 1) / (√(n−1) + 1), and below 0 on average for events at random. `finite_size`
    takes both out (1 is the most that n gaps can be, and random events of 14 gaps or more are at 0 to within 0.03), so that
    sequences of unlike lengths compare.
    Source: A_n of Kim and Jo, Phys. Rev. E 94, 032311 (2016), n the number of gaps.
    """
    n = len(gaps)
    mean = float(np.mean(gaps)) if n else 0.0
    if n < FEWEST_GAPS or mean <= 0:
        return None
    r = float(np.std(gaps)) / mean
    if not finite_size:
        return (r - 1) / (r + 1)
    upper, lower = math.sqrt(n + 1), math.sqrt(n - 1)
    return (upper * r - lower) / ((upper - 2) * r + lower)


def mean_burstiness(
    sequences: Sequence[Sequence[float]],
    groups: Sequence[str] | None = None,
    *,
    finite_size: bool = False,
    seed: int = 0,
    resamples: int = 2000,
    fewest: int = FEWEST_GROUPS,
) -> Estimate:
    """Mean of B over sequences of gaps: of the means within groups (each sequence its own by default), resampling groups.

    Sequences without B are counted as unscored. A few long recordings are better than none: `fewest` lowers the
    number of groups that an interval takes, which the caller then says beside it.
    """
    values = np.array([burstiness(gaps, finite_size=finite_size) for gaps in sequences], dtype=float)
    names = [str(at) for at in range(len(sequences))] if groups is None else groups
    means = group_means(values, names)
    unscored = int(np.isnan(values).sum())
    return ratio(
        means,
        np.ones(len(means)),
        group_draws(len(means), resamples, seed),
        items=len(values) - unscored,
        unscored=unscored,
        fewest=fewest,
    )
