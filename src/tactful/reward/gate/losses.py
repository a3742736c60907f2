"""What a session loses at every threshold: the counts and the two losses that promises are made about.

All functions take plain arrays over moments with a proposal, so that any source of probabilities can use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tactful.errors import UserError
from tactful.types import seeded

Floats = NDArray[np.float64]

GRID: Floats = np.round(np.arange(198, 0, -1) * 0.005, 3)
"""Thresholds from strict to loose, 0.99 to 0.005. Fixed beforehand: a grid made from the data would spoil the promise."""


@dataclass(frozen=True)
class SessionCounts:
    """Moments per session at every threshold of a grid; the order of the sessions is drawn from their names alone."""

    false_alarms: Floats
    """(sessions, thresholds): spoken and unwanted."""
    hits: Floats
    """(sessions, thresholds): spoken and wanted."""
    unwanted: Floats
    """(sessions,)"""
    moments: Floats
    """(sessions,): scored ones."""
    unscored: int


def count_sessions(
    p: ArrayLike, accepted: ArrayLike, sessions: Sequence[str] | NDArray[Any], grid: Floats
) -> SessionCounts:
    """The counts of every session; NaN in `p` is unscored and left out, and with it a session of which nothing is scored.

    Raises: UserError for no moment, unequal lengths, or probabilities out of [0, 1].
    """
    score, wanted = np.asarray(p, dtype=float), np.asarray(accepted, dtype=bool)
    names = np.asarray(sessions, dtype=str)
    if not score.shape == wanted.shape == names.shape or score.ndim != 1:
        raise UserError(
            f"{score.size} probabilities, {wanted.size} verdicts and {names.size} sessions; give one each per moment"
        )
    if not score.size:
        raise UserError("there is no moment with a proposal to calibrate a gate on; give rows with proposals")
    scored = ~np.isnan(score)
    strange = score[scored & ~((score >= 0) & (score <= 1))]
    if strange.size:
        raise UserError(
            f"{strange[0]:g} is no probability; give calibrated probabilities of acceptance in [0, 1]"
        )
    order = sorted(set(names[scored].tolist()))
    seeded("gate-order", *order).shuffle(order)
    place = {name: at for at, name in enumerate(order)}
    member = np.zeros((len(order), int(scored.sum())))
    member[[place[name] for name in names[scored].tolist()], np.arange(member.shape[1])] = 1
    speaks, rejected = score[scored][:, None] >= grid, ~wanted[scored]
    return SessionCounts(
        false_alarms=member @ (speaks & rejected[:, None]),
        hits=member @ (speaks & ~rejected[:, None]),
        unwanted=member @ rejected,
        moments=member.sum(axis=1),
        unscored=int((~scored).sum()),
    )


def rate_losses(false_alarms: Floats, unwanted: Floats) -> Floats:
    """Share of a session's unwanted moments at which we speak; 0 for a session without any. (…, sessions, thresholds)"""
    return np.asarray(false_alarms / np.maximum(unwanted, 1)[..., None])


def ratio_losses(false_alarms: Floats, hits: Floats, moments: Floats, alpha: float) -> Floats:
    """alpha + (FP − alpha · (TP + FP)) / moments, in [0, 1]; alpha where we are silent. (…, sessions, thresholds)"""
    excess = false_alarms - alpha * (false_alarms + hits)
    return np.asarray(alpha + excess / np.maximum(moments, 1)[..., None])


def session_ratio_losses(false_alarms: Floats, hits: Floats, alpha: float) -> Floats:
    """FP / (TP + FP) of the session, alpha where we are silent. (…, sessions, thresholds)"""
    said = false_alarms + hits
    return np.asarray(np.where(said > 0, false_alarms / np.maximum(said, 1), alpha))


def check_share(name: str, value: float) -> None:
    """Raises: UserError unless 0 < value < 1."""
    if not 0 < value < 1:
        raise UserError(f"{name} is {value:g}, expected a number between 0 and 1, both excluded")
