"""Shares of cases: Wilson's interval where cases of a group are alike, and the exact bound of independent ones."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tactful.stats.estimate import FEWEST_GROUPS, Estimate

_Z = 1.959963984540054
_STRENGTHS = (2.0, 40.0)
"""Bounds of how many cases of one group the prior over groups is worth."""


class GroupSums(dict[str, list[float]]):
    """Group → [sum, cases]; its values are what `share_over` takes, where the sum is of hits."""

    def add(self, group: str, value: float, cases: float = 1) -> None:
        """What one or more cases of a group come to."""
        held = self.setdefault(group, [0, 0])
        held[0] += value
        held[1] += cases


def clustered_share(count: int, items: int, spread: float, groups: int) -> Estimate:
    """`count` of `items` cases in `groups` groups, with Wilson's interval at the number of cases that they are `worth`.

    Not estimable where no case or every case counts.
    """
    if not items:
        return Estimate(value=None, items=0, groups=groups)
    p = count / items
    if groups < FEWEST_GROUPS or count in (0, items):
        return Estimate(value=p, items=items, groups=groups)
    low, high = wilson(p, max(1.0, worth(count, items, spread, groups)))
    return Estimate(value=p, low=low, high=high, items=items, groups=groups)


def share_over(groups: Iterable[Sequence[float]]) -> Estimate:
    """The share of (hits, cases) summed over groups, as `clustered_share`; groups without cases are left out."""
    held = [(hits, cases) for hits, cases in groups if cases]
    count, items = sum(hits for hits, _ in held), sum(cases for _, cases in held)
    p = count / items if items else 0.0
    spread = sum((hits - p * cases) ** 2 for hits, cases in held)
    return clustered_share(int(count), int(items), spread, len(held))


def sure_share_over(groups: Iterable[Sequence[float]]) -> Estimate:
    """As `share_over`, with Wilson's interval over groups where every case or none counts; without any for too few groups."""
    found = share_over(groups)
    if found.value is None or found.low is not None or found.groups < FEWEST_GROUPS:
        return found
    low, high = wilson(found.value, found.groups)
    return found.model_copy(update={"low": low, "high": high})


def worth(count: int, items: int, spread: float, groups: int) -> float:
    """How many independent cases `items` cases in `groups` groups (two or more) are worth, for a share of `count`.

    `spread` is Σ (yes_g − p · n_g)² over the groups: cases of a group that are alike make it large. The number is
    lowered further by (z/t)², t that of the groups, for the spread is itself estimated. Without any spread nothing is
    known of how alike they are, and each group counts once.
    Source: Korn and Graubard, Survey Methodology 24 (1998).
    """
    from scipy.special import stdtrit

    p = count / items
    variance = groups / (groups - 1) * max(0.0, spread) / items**2
    alone = float(groups) if variance == 0 else min(float(items), p * (1 - p) / variance)
    return alone * (_Z / float(stdtrit(groups - 1, 0.975))) ** 2


def wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's 95% interval of a share `p` over `n` independent cases; our own, for scipy takes whole numbers only."""
    centre = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z / (1 + _Z * _Z / n) * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def at_most(count: int, cases: int, confidence: float = 0.95) -> float | None:
    """Exact one-sided upper bound of a share of independent cases (Clopper-Pearson); None without any."""
    if not cases:
        return None
    from scipy.stats import binomtest

    return float(binomtest(count, cases, alternative="less").proportion_ci(confidence).high)


def at_least(count: int, items: int, spread: float, groups: int, confidence: float = 0.95) -> float:
    """Exact one-sided lower bound of a share (Clopper-Pearson), at the whole number of cases that they are `worth`.

    0 where there are fewer than two groups.
    """
    if groups < 2:
        return 0.0
    from scipy.stats import binomtest

    cases = math.floor(worth(count, items, spread, groups))
    if not cases:
        return 0.0
    hits = math.floor(count / items * cases + 1e-9)
    return float(binomtest(hits, cases, alternative="greater").proportion_ci(confidence).low)


def beta_strength(counts: Any) -> float | None:
    """α + β of a Beta distribution over groups, by moments: the less, the more they differ beyond chance.

    `counts` (groups, 2) are hits and cases. None with fewer than `FEWEST_GROUPS` groups of two cases or more.
    """
    several = counts[counts[:, 1] >= 2]
    if len(several) < FEWEST_GROUPS:
        return None
    hits, cases = several[:, 0], several[:, 1]
    p = hits.sum() / cases.sum()
    if not 0 < p < 1:
        return _STRENGTHS[1]
    # E[Σ (h − n p)²] = p (1 − p) Σ n (1 + (n − 1) ρ), with ρ = 1 / (α + β + 1)
    excess = ((hits - cases * p) ** 2).sum() / (p * (1 - p)) - cases.sum()
    rho = excess / (cases * (cases - 1)).sum()
    if rho <= 0:
        return _STRENGTHS[1]
    return min(_STRENGTHS[1], max(_STRENGTHS[0], float(1 / min(rho, 0.99) - 1)))
