"""What a user's labels make of the probabilities of a reader that asks a model: a temperature and a shift, or steps, per judgement.

One small file, sealed by its own hash, names the reader, the model and the prompts that it was fitted for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactful.data.sealed import Sealed, load_document, save_document
from tactful.errors import DataError
from tactful.reading.encoder.card import Sharpness, refuse_used
from tactful.reading.encoder.sharpen import fit_sharpness, probabilities
from tactful.reading.kinds import kind_of
from tactful.reading.labelled import fittable
from tactful.stats import group_folds
from tactful.types import Record

Floats = NDArray[np.float64]

FIT_FILE = "reader.json"
_FOLDS = 5
_FLOOR = 0.02
"""Steps never promise more than this leaves open: fifty labels cannot show that something never happens."""
_AGAIN = "calibrate it again: tactful reader calibrate LABELS --reader MODEL --out FOLDER"


class HeadFit(Record):
    """One judgement: its temperatures, or, where they fit better out of fold, steps from stated to true."""

    sharpness: Mapping[str, Sharpness]
    steps: tuple[tuple[float, float], ...] = ()
    """Isotonic: (as read, probability), rising; empty: the temperatures hold."""
    texts: int
    """Labelled texts that it was fitted on."""

    def calibrated(self, chances: Sequence[float], text: str) -> list[float]:
        """The probabilities of one text, each class's, summing to 1."""
        read = np.array([chances], dtype=float)
        if self.steps:
            seen, true = np.array(self.steps).T
            p = float(np.interp(read[0, 1], seen, true))
            return [1 - p, p]
        return [float(p) for p in probabilities(_logits(read), [kind_of(text)], self.sharpness)[0]]


class ReaderFit(Sealed):
    """`reader.json`: which reader, and what its probabilities are worth on the labels of one user."""

    format: Literal["tactful-reader-fit-1"] = "tactful-reader-fit-1"
    reader: str
    """`MODEL`, `decisions:MODEL` or `consistency:MODEL`."""
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    samples: int
    temperature: float | None = None
    """That its replies were drawn at; None: the endpoint's own."""
    prompts: Mapping[str, str]
    """Prompt → hash: the probabilities of other words are others."""
    heads: Mapping[str, HeadFit]

    def check(self, prompts: Mapping[str, str], place: Path) -> None:
        """Raises: DataError, when the reader asks with other prompts by now."""
        if dict(self.prompts) != dict(prompts):
            raise DataError.at(place, None, "was fitted for other prompts than this Tactful has", fix=_AGAIN)


class Read(NamedTuple):
    """What a reader said of labelled texts, in one judgement."""

    chances: Sequence[Sequence[float]]
    """(n, classes) as read."""
    labels: Sequence[int]
    texts: Sequence[str]
    groups: Sequence[str]
    """What no fold parts: the contrast group, the dialogue, the session."""


def load_fit(folder: Path) -> ReaderFit:
    """The fit in a folder. Raises: DataError, when it is missing, something else, or was changed."""
    return load_document(folder / FIT_FILE, ReaderFit, what="calibrated reader", again=_AGAIN)


def save_fit(folder: Path, fit: ReaderFit) -> None:
    """Write it into a new folder. Raises: UserError, when there is one."""
    refuse_used(folder)
    save_document(folder / FIT_FILE, fit)


def fit_heads(read: Mapping[str, Read]) -> dict[str, HeadFit]:
    """A fit for each judgement with `FEWEST` labelled texts of more than one kind.

    Raises: UserError, when none has.
    """
    return {head: _fit(read[head]) for head in fittable({head: one.labels for head, one in read.items()})}


def _fit(read: Read) -> HeadFit:
    chances, labels = np.array(read.chances, dtype=float), np.array(read.labels)
    kinds = [kind_of(text) for text in read.texts]
    steps: tuple[tuple[float, float], ...] = ()
    if chances.shape[1] == 2 and _steps_are_better(chances, labels, kinds, read.groups):
        steps = _isotonic(chances[:, 1], labels)
    return HeadFit(sharpness=_temperatures(chances, labels, kinds), steps=steps, texts=len(labels))


def _temperatures(chances: Floats, labels: Floats, kinds: Sequence[str]) -> dict[str, Sharpness]:
    return fit_sharpness(_logits(chances), [int(label) for label in labels], kinds)


def _steps_are_better(chances: Floats, labels: Floats, kinds: Sequence[str], groups: Sequence[str]) -> bool:
    """Whether isotonic regression has the lower log loss on groups that it was not fitted on; never of too few groups."""
    if len(set(groups)) < _FOLDS:
        return False
    fold_of = group_folds(groups, _FOLDS, 0)
    fold = np.array([fold_of[group] for group in groups])
    loss = np.zeros(2)
    for part in range(_FOLDS):
        inside, outside = fold == part, fold != part
        if len(set(labels[outside])) < 2 or not inside.any():
            return False
        mine = [kind for kind, kept in zip(kinds, outside, strict=True) if kept]
        theirs = [kind for kind, kept in zip(kinds, inside, strict=True) if kept]
        sharp = _temperatures(chances[outside], labels[outside], mine)
        smooth = probabilities(_logits(chances[inside]), theirs, sharp)[:, 1]
        seen, true = np.array(_isotonic(chances[outside, 1], labels[outside])).T
        for at, p in enumerate((smooth, np.interp(chances[inside, 1], seen, true))):
            right = np.where(labels[inside] == 1, p, 1 - p)
            loss[at] -= np.log(np.maximum(right, 1e-9)).sum()
    return bool(loss[1] < loss[0])


def _isotonic(p: Floats, labels: Floats) -> tuple[tuple[float, float], ...]:
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression(y_min=_FLOOR, y_max=1 - _FLOOR, out_of_bounds="clip").fit(p, labels)
    return tuple((float(x), float(y)) for x, y in zip(found.X_thresholds_, found.y_thresholds_, strict=True))


def _logits(chances: Floats) -> NDArray[np.float32]:
    result: NDArray[np.float32] = np.log(np.clip(chances, 1e-4, 1)).astype(np.float32)
    return result
