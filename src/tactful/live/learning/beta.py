"""The Beta distribution without scipy, whose import takes longer than a hook has: checked against it in a test."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

_ENOUGH, _STEPS = 1e-14, 10_000
_TINY = 1e-300


def beta_log(a: float, b: float) -> float:
    """log B(a, b)."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def beta_below(a: float, b: float, x: float) -> float:
    """P(p ≤ x) for p ~ Beta(a, b): the regularised incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # beyond its middle the fraction is slow, and its mirror is not
        return 1 - beta_below(b, a, 1 - x)
    front = exp(a * log(x) + b * log1p(-x) - beta_log(a, b)) / a
    found, c, d = 1.0, 1.0, 0.0
    for step in range(_STEPS):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or _TINY)
        c = 1 + term / c or _TINY
        found *= c * d
        if abs(1 - c * d) < _ENOUGH:
            break
    return front * (found - 1)
