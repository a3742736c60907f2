"""Figures of a feedback judge with 95% intervals: resampled by dialogue.

Every measure here is a function of sums over items, so a resample of dialogues is a weighted sum of each
dialogue's own sums: 1,000 draws are one matrix product. Macro-F1 is not a mean of dialogues; this bootstrap
recomputes it in every draw.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tactful.feedback.labels import LABELS, NEGATIVE
from tactful.stats import Estimate
from tactful.stats.bootstrap import Array, group_sums, resampled
from tactful.stats.calibration import Floor, binned, calibration_error, error_floor, even_bins, simulated

THRESHOLDS = np.round(np.arange(0.0, 1.0, 0.05), 2)
"""The cuts τ_c at which precision and coverage are measured."""
WIDTH = len(LABELS)
_NEGATIVE = np.array([label in NEGATIVE for label in LABELS])


@dataclass(frozen=True)
class Scored:
    """What a judge or baseline said, beside what people said; one entry per item."""

    gold: Array
    """Index into LABELS."""
    said: Array
    """Index into LABELS; -1 = unscored."""
    tolerated: Array
    """True where the label said is among the tolerable ones."""
    confidence: Array
    """NaN where none was stated."""
    dialogue: Array
    """Index of the dialogue."""

    def take(self, chosen: Array) -> Scored:
        """The chosen items (mask or positions)."""
        return Scored(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def confusion_measures(table: Array, present: Array) -> dict[str, Array]:
    """Measures of confusion tables (…, gold, said): each of shape (…). NaN where a share has nothing below it.

    `present` marks the labels that macro-F1 averages: those that people gave in the whole set.
    """
    total = table.sum(axis=(-2, -1))
    hit = np.diagonal(table, axis1=-2, axis2=-1)
    gold, said = table.sum(axis=-1), table.sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = 2 * hit / (gold + said)
        negative_hit = table[..., _NEGATIVE, :][..., :, _NEGATIVE].sum(axis=(-2, -1))
        negative_gold, negative_said = gold[..., _NEGATIVE].sum(axis=-1), said[..., _NEGATIVE].sum(axis=-1)
        found = {
            "accuracy": hit.sum(axis=-1) / total,
            "macro_f1": _nanmean(np.where(present, f1, np.nan)),
            "negative_precision": negative_hit / negative_said,
            "negative_recall": negative_hit / negative_gold,
            "negative_f1": 2 * negative_hit / (negative_gold + negative_said),
        }
        for index, label in enumerate(LABELS):
            found[f"precision:{label}"] = hit[..., index] / said[..., index]
            found[f"recall:{label}"] = hit[..., index] / gold[..., index]
    return found


def tables_by_dialogue(scored: Scored) -> Array:
    """(dialogues, 7 · 7 + 1) sums of the confusion table and of tolerated items."""
    cells = np.eye(WIDTH * WIDTH)[scored.gold * WIDTH + scored.said]
    return _by_dialogue(scored, np.hstack([cells, scored.tolerated[:, None]]))


def _by_dialogue(scored: Scored, rows: Array) -> Array:
    names, index = np.unique(scored.dialogue, return_inverse=True)
    return group_sums(index, rows, len(names))


def measure_labels(scored: Scored, *, seed: int = 0) -> tuple[dict[str, Estimate], Array]:
    """(every measure with its interval, the confusion table (gold, said)); unscored items are left out and counted."""
    known = scored.take(scored.said >= 0)
    unscored = len(scored.said) - len(known.said)
    sums = tables_by_dialogue(known)
    if not len(sums):
        return {}, np.zeros((WIDTH, WIDTH))
    present = np.isin(np.arange(WIDTH), known.gold)
    found = resampled(
        sums,
        lambda rows: _with_tolerance(rows, present),
        items=len(known.said),
        unscored=unscored,
        seed=seed,
    )
    return found, sums.sum(axis=0)[:-1].reshape(WIDTH, WIDTH)


def measure_difference(one: Scored, other: Scored, *, seed: int = 0) -> dict[str, Estimate]:
    """Measures of `one` minus those of `other`, on the items that both scored, drawing the same dialogues."""
    both = (one.said >= 0) & (other.said >= 0)
    left, right = tables_by_dialogue(one.take(both)), tables_by_dialogue(other.take(both))
    if not len(left):
        return {}
    present = np.isin(np.arange(WIDTH), one.gold[both])
    width = left.shape[1]

    def gap(batch: Array) -> dict[str, Array]:
        first = _with_tolerance(batch[:, :width], present)
        second = _with_tolerance(batch[:, width:], present)
        return {name: first[name] - second[name] for name in COMPARED}

    sizes = {"items": int(both.sum()), "unscored": int((~both).sum())}
    return resampled(np.hstack([left, right]), gap, **sizes, seed=seed)


COMPARED = ("accuracy", "tolerant_accuracy", "macro_f1", "negative_f1")
"""Measures that are compared with baselines."""


def cut_curve(scored: Scored, *, seed: int = 0) -> list[tuple[float, Estimate, Estimate]]:
    """(τ_c, coverage, precision) at every threshold: share of scored items kept, share of those that are right."""
    known = scored.take((scored.said >= 0) & np.isfinite(scored.confidence))
    if not len(known.said):
        return []
    kept, right = known.confidence[:, None] >= THRESHOLDS[None, :], known.said == known.gold
    rows = np.hstack([kept, kept & right[:, None], np.ones((len(right), 1))]).astype(float)
    steps = len(THRESHOLDS)

    def shares(batch: Array) -> dict[str, Array]:
        with np.errstate(invalid="ignore", divide="ignore"):
            cover = batch[:, :steps] / batch[:, -1:]
            exact = batch[:, steps : 2 * steps] / batch[:, :steps]
        return {f"c{at}": cover[:, at] for at in range(steps)} | {
            f"p{at}": exact[:, at] for at in range(steps)
        }

    found = resampled(_by_dialogue(known, rows), shares, items=len(known.said), seed=seed)
    return [(float(threshold), found[f"c{at}"], found[f"p{at}"]) for at, threshold in enumerate(THRESHOLDS)]


def reliability(scored: Scored, *, seed: int = 0) -> Reliability | None:
    """How far stated confidences are from what is right; None where none was stated."""
    known = scored.take((scored.said >= 0) & np.isfinite(scored.confidence))
    if not len(known.said):
        return None
    right, p = (known.said == known.gold).astype(float), known.confidence
    places = even_bins(p)
    return Reliability(
        ece=Estimate(
            value=calibration_error(p, right, places), items=len(p), groups=len(np.unique(known.dialogue))
        ),
        floor=error_floor(p, places, simulated(p, seed)),
        bins=binned(p, right, places),
    )


class Reliability(NamedTuple):
    """The calibration of stated confidences."""

    ece: Estimate
    """Without an interval, for none holds it."""
    floor: Floor
    bins: list[tuple[float, float, int]]
    """(mean confidence, share right, items) of each bin that holds any."""


def indices(labels: Sequence[str | None]) -> Array:
    """Labels as positions in LABELS; -1 for None."""
    place = {str(label): at for at, label in enumerate(LABELS)}
    return np.array([-1 if label is None else place[str(label)] for label in labels], dtype=int)


def _with_tolerance(batch: Array, present: Array) -> dict[str, Array]:
    found = confusion_measures(batch[:, :-1].reshape(-1, WIDTH, WIDTH), present)
    with np.errstate(invalid="ignore", divide="ignore"):
        found["tolerant_accuracy"] = batch[:, -1] / batch[:, :-1].sum(axis=1)
    return found


def _nanmean(values: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all labels absent in a draw: NaN, reported as not estimable
        return np.asarray(np.nanmean(values, axis=-1))
