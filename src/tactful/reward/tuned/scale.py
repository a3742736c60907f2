"""From the numbers of a tuned model to calibrated probabilities: Platt scaling on what validated, kept in the model's folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tactful.data.sealed import Sealed, load_document, save_document
from tactful.errors import UserError
from tactful.reward.embedded.heads import platt
from tactful.types import Record

JUDGE_FILE = "judge.json"
FEWEST = 30
"""Moments of a kind, both outcomes among them, from which it is scaled by itself; below, as all moments together."""
_AGAIN = "train it again with: tactful train reward DATA --out DIR"


class Scale(Record):
    """Calibrated log-odds of acceptance = slope · number + offset."""

    slope: Annotated[float, Field(ge=0)]
    offset: float
    base_rate: Annotated[float, Field(gt=0, lt=1)]
    """Share of such moments, trained and validated on, that were accepted: the rate that probabilities are meant at."""
    moments: int
    """That it was fitted on."""

    def probability(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """In [0, 1]; higher = surer of acceptance."""
        return np.asarray(np.exp(-np.logaddexp(0.0, -(self.slope * numbers + self.offset))))


class JudgeFile(Sealed):
    """`judge.json` in the folder of a tuned model."""

    format: Literal["tactful-tuned-judge-1"] = "tactful-tuned-judge-1"
    proposals: Scale | None
    """None: no proposal was trained on; proposals are then unscored."""
    silences: Scale | None
    sessions: tuple[str, ...]
    """Trained or validated on; a figure on any of these is not out of session."""
    max_length: int
    """Most tokens of a moment that it was trained on."""


@dataclass(frozen=True)
class Known:
    """What is known of a moment that was trained or validated on."""

    session: str
    silent: bool
    accepted: bool


def fit_scales(
    numbers: Sequence[float], validated: Sequence[Known], trained: Sequence[Known], *, max_length: int
) -> JudgeFile | None:
    """The scales of proposals and of silences. `numbers` are those of `validated`, in order.

    None where nothing validated, or all of it had one outcome: then nothing tells how sure a number is.
    """
    if len({one.accepted for one in validated}) < 2:
        return None
    values = np.asarray(numbers, dtype=float)
    every = _fitted(values, validated)
    found: dict[bool, Scale | None] = {}
    for silent in (False, True):
        known = [one.accepted for one in (*trained, *validated) if one.silent == silent]
        here = [at for at, one in enumerate(validated) if one.silent == silent]
        own = len(here) >= FEWEST and len({validated[at].accepted for at in here}) == 2
        slope, offset = _fitted(values[here], [validated[at] for at in here]) if own else every
        rate = (sum(known) + 1) / (len(known) + 2)
        found[silent] = (
            Scale(slope=slope, offset=offset, base_rate=rate, moments=len(here if own else validated))
            if known
            else None
        )
    sessions = sorted({one.session for one in (*trained, *validated)} - {""})
    return JudgeFile(
        proposals=found[False], silences=found[True], sessions=tuple(sessions), max_length=max_length
    )


def _fitted(numbers: NDArray[np.float64], known: Sequence[Known]) -> tuple[float, float]:
    return platt(numbers, np.array([one.accepted for one in known], dtype=bool), np.ones(len(known)))


def save_scales(content: JudgeFile, folder: Path) -> None:
    """Write `judge.json`. Raises: UserError when the disk refuses."""
    save_document(folder / JUDGE_FILE, content, replace=True)


def load_scales(folder: Path) -> JudgeFile:
    """The scales in `folder`. Raises: UserError where the model was never calibrated; DataError for a changed file."""
    if not (folder / JUDGE_FILE).is_file():
        raise UserError(
            f"{folder}: its numbers were never calibrated ({JUDGE_FILE} is missing): nothing validated, or with one "
            "outcome alone; train again with a larger --valid"
        )
    return load_document(folder / JUDGE_FILE, JudgeFile, what="calibration of a tuned judge", again=_AGAIN)
