"""When help is wanted, and what makes an offer be taken, from what people said of moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.log import Point, Reaction
from tactful.gym.card.words import kind_of_event
from tactful.gym.rules.parameters import AcceptanceParameters, ByTiming
from tactful.gym.rules.words import content_words, overlap, words_of
from tactful.gym.types import Timing
from tactful.stats.shares import GroupSums
from tactful.types import Event

Array = NDArray[Any]
FEWEST = 40
"""Offers, or points, from which on something is fitted."""
TIMINGS: tuple[Timing, ...] = ("boundary", "flow", "stuck")
"""Those that a log's own sentences tell; that help comes late, they do not."""
_PRIOR_POINTS = 20
"""Points that a default is worth."""
_PRIOR_SPREAD = 1.0
"""Logits that people may well be away from a default."""
_LOOKED_AT = 3
_BETWEEN = frozenset({"completes", "opens", "switches", "rests"})


class Taking(NamedTuple):
    """P(accepted) by timing, and what moves it, in logits."""

    boundary: float
    flow: float
    stuck: float
    need: float
    irrelevance: float


def timing_of(recent: Sequence[Event]) -> Timing:
    """Where the work stands, as far as the last events tell: stuck at or right after a failure, at a boundary where
    something was just completed or turned to, else in the flow.
    """
    kinds = [kind_of_event(event.text) for event in recent[-_LOOKED_AT:]]
    if not kinds:
        return "flow"
    if kinds[-1] == "fails" or ("fails" in kinds and kinds[-1] in ("searches", "reads", "runs")):
        return "stuck"
    return "boundary" if kinds[-1] in _BETWEEN else "flow"


class Offered(NamedTuple):
    """One offer as far as fitting looks at it."""

    group: str
    accepted: bool
    timing: Timing
    wanted: bool | None
    fit: float
    """With the last events: 0 not at all, 1 fully."""


class Known(NamedTuple):
    """A place at which it is known whether help was wanted."""

    group: str
    wanted: bool
    timing: Timing


def offered(one: Reaction, enough_overlap: float) -> Offered:
    """The offer; that it came late counts as in a flow, for a log's own sentences do not tell it."""
    timing = one.timing or timing_of(one.recent)
    fit = overlap(content_words(one.proposal), words_of(event.text for event in one.recent))
    plain: Timing = "flow" if timing == "late" else timing
    return Offered(one.group, one.accepted, plain, one.help_wanted, min(1.0, fit / enough_overlap))


def known(one: Point) -> Known:
    """The place, by the log's own word for the timing or by its last events."""
    return Known(one.group, one.wanted, one.timing or timing_of(one.recent))


def fit_need(points: Sequence[Known], start: ByTiming) -> dict[str, float] | None:
    """P(help wanted) by timing, each default worth some points; None where they are too few."""
    if len(points) < FEWEST:
        return None
    counts = GroupSums({name: [0, 0] for name in TIMINGS})
    for one in points:
        counts.add(one.timing, one.wanted)
    return {
        name: (counts[name][0] + _PRIOR_POINTS * start.at(name)) / (counts[name][1] + _PRIOR_POINTS)
        for name in TIMINGS
    }


def fit_taking(offers: Sequence[Offered], start: AcceptanceParameters, need: ByTiming) -> Taking | None:
    """The most likely values, each default a prior; None for too few offers, or all taken or all refused."""
    accepted = np.array([one.accepted for one in offers], dtype=float)
    if len(offers) < FEWEST or accepted.min() == accepted.max():
        return None
    from scipy.optimize import minimize

    rows = np.array([_row(one, need) for one in offers])
    first = np.array([*(_logit(start.at(name)) for name in TIMINGS), start.need, start.irrelevance])

    def loss(theta: Array) -> tuple[float, Array]:
        score, away = rows @ theta, (theta - first) / _PRIOR_SPREAD
        value = float(np.logaddexp(0, score).sum() - accepted @ score + away @ away / 2)
        slope = rows.T @ (1 / (1 + np.exp(-np.clip(score, -50, 50))) - accepted) + away / _PRIOR_SPREAD
        return value, slope

    bounds = [(None, None)] * 3 + [(0.0, None)] * 2
    theta = minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds).x
    boundary, flow, stuck = map(float, 1 / (1 + np.exp(-theta[:3])))
    return Taking(boundary, flow, stuck, need=float(theta[3]), irrelevance=float(theta[4]))


def fit_openness(offers: Sequence[Offered], logits: float) -> float | None:
    """Standard deviation of openness, from how far sessions' acceptance lies apart beyond chance.

    `logits`: from the least to the most open person. None with too few sessions, or where they do not differ.
    """
    counts = GroupSums()
    for one in offers:
        counts.add(one.group, one.accepted)
    table = np.array([row for row in counts.values() if row[1] >= 2])
    if len(table) < 2 or not logits:
        return None
    hits, cases = table.T
    p = hits.sum() / cases.sum()
    if not 0 < p < 1:
        return None
    # E[Σ (h − n p)²] = p (1 − p) Σ n (1 + (n − 1) ρ), and the spread in logits is √ρ / √(p (1 − p))
    rho = (((hits - cases * p) ** 2).sum() / (p * (1 - p)) - cases.sum()) / (cases * (cases - 1)).sum()
    return float(np.sqrt(rho / (p * (1 - p))) / logits) if rho > 0 else None


def _row(one: Offered, need: ByTiming) -> list[float]:
    wanted = 0.0 if one.wanted is None else one.wanted - need.at(one.timing)
    return [*(float(one.timing == name) for name in TIMINGS), wanted, -(1 - one.fit)]


def _logit(share: float) -> float:
    held = min(0.999, max(0.001, share))
    return float(np.log(held / (1 - held)))
