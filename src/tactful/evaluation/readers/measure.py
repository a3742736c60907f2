"""How well does a reader read? Figures per judgement, language and length, by contrast group, beside a baseline.

Readings that are "not known" are left out of every figure and counted. The unit of an interval is the contrast group
(its texts differ in one essential thing), never the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tactful.reading import COMPLAINTS, REACTIONS, Reader
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.kinds import is_short
from tactful.reading.labelled import Labelled
from tactful.stats.auroc import Array, group_auroc
from tactful.stats.bootstrap import estimate, group_draws, ratio
from tactful.stats.calibration import calibration_error, full_bins
from tactful.stats.estimate import Estimate
from tactful.text import detect_lang
from tactful.types import Record

RESAMPLES = 500
FEWEST = 20
"""Known texts that a language or length needs for a row of its own."""


class HeadFigures(Record):
    """One judgement of one reader on one part of the texts."""

    head: str
    """`need`, `reaction` or `accept`."""
    part: str
    """`all`, a language or a length."""
    items: int
    """Texts read."""
    unknown: int
    """Texts that the reader did not know; in no figure."""
    why: str = ""
    """The commonest reason for that."""
    groups: int
    figures: Mapping[str, Estimate]
    """Name → value with its 95% interval by contrast group; higher is better."""
    ece: float | None
    """Expected calibration error of the probabilities (of the likeliest label, for reactions), ten bins of equal mass."""
    baseline: Mapping[str, float]
    """What needs no reading: chance (AUROC, order), the most frequent label (accuracy)."""


@dataclass(frozen=True)
class Scored:
    """Known readings of one head as columns."""

    texts: Sequence[str]
    chances: Array
    """(n, classes)."""
    labels: Array
    """(n,) class."""
    tolerated: Array
    """(n, classes) 1 where a label counts as right."""
    groups: Array
    """(n,) names."""
    rivals: Array
    """(n,) key within which pairs are ordered; empty string: none."""
    unknown: Sequence[tuple[str, str]]
    """Texts without a reading, each with the reason."""


async def read_needs(reader: Reader, rows: Labelled) -> Scored:
    """The requests of `rows`, read."""
    found = await reader.needs([request_of(row) for row in rows.requests])
    kept = [(row, one.need) for row, one in zip(rows.requests, found, strict=True) if one.need is not None]
    labels = np.array([int(row.label == "open") for row, _ in kept], dtype=int)
    return Scored(
        [row.text for row, _ in kept],
        np.array([[1 - p, p] for _, p in kept]).reshape(-1, 2),
        labels,
        np.eye(2)[labels],
        np.array([row.group for row, _ in kept]),
        np.array([row.group for row, _ in kept]),
        [(row.text, one.unknown) for row, one in zip(rows.requests, found, strict=True) if one.need is None],
    )


async def read_reactions(reader: Reader, rows: Labelled) -> Scored:
    """The follow-ups of `rows`, read."""
    found = await reader.reactions([exchange_of(row) for row in rows.followups])
    kept = [
        (row, one.probabilities) for row, one in zip(rows.followups, found, strict=True) if one.probabilities
    ]
    labels = np.array([REACTIONS.index(row.label7) for row, _ in kept], dtype=int)
    tolerated = np.eye(len(REACTIONS))[labels] if len(kept) else np.zeros((0, len(REACTIONS)))
    for at, (row, _) in enumerate(kept):
        for label in row.accept:
            tolerated[at, REACTIONS.index(label)] = 1
    return Scored(
        [row.user_next for row, _ in kept],
        np.array([[p[label] for label in REACTIONS] for _, p in kept]).reshape(-1, len(REACTIONS)),
        labels,
        tolerated,
        np.array([row.group for row, _ in kept]),
        np.array([""] * len(kept)),
        [
            (row.user_next, one.unknown)
            for row, one in zip(rows.followups, found, strict=True)
            if not one.probabilities
        ],
    )


async def read_offers(reader: Reader, rows: Labelled) -> Scored:
    """The proposals of `rows` (silences left out), read."""
    offered = [row for row in rows.moments if row.labelled.moment.proposal is not None]
    found = await reader.offers([row.labelled.moment for row in offered])
    kept = [
        (row.labelled, one.accept) for row, one in zip(offered, found, strict=True) if one.accept is not None
    ]
    labels = np.array([int(one.label.accepted) for one, _ in kept], dtype=int)
    sessions = np.array([one.moment.session for one, _ in kept])
    return Scored(
        [one.moment.proposal or "" for one, _ in kept],
        np.array([[1 - p, p] for _, p in kept]).reshape(-1, 2),
        labels,
        np.eye(2)[labels],
        sessions,
        np.array([f"{one.moment.session}|{one.moment.proposal}" for one, _ in kept]),
        [
            (row.labelled.moment.proposal or "", one.unknown)
            for row, one in zip(offered, found, strict=True)
            if one.accept is None
        ],
    )


async def measure_reader(reader: Reader, rows: Labelled, *, seed: int = 0) -> list[HeadFigures]:
    """Every judgement that `rows` have labels for: whole, per language, per length."""
    made: list[HeadFigures] = []
    if rows.requests:
        made += _parts("need", await read_needs(reader, rows), _two_class, seed)
    if rows.followups:
        made += _parts("reaction", await read_reactions(reader, rows), _seven_labels, seed)
    if any(row.labelled.moment.proposal is not None for row in rows.moments):
        made += _parts("accept", await read_offers(reader, rows), _two_class, seed)
    return made


def _parts(
    head: str,
    scored: Scored,
    figures: Callable[[Scored, int], tuple[dict[str, Estimate], dict[str, float]]],
    seed: int,
) -> list[HeadFigures]:
    tests: dict[str, Callable[[str], bool]] = {
        "all": lambda text: True,
        **{lang: partial(_is_in, lang) for lang in ("en", "zh", "other")},
        "short": is_short,
        "long": lambda text: not is_short(text),
    }
    made = []
    for part, inside in tests.items():
        chosen = np.array([inside(text) for text in scored.texts], dtype=bool)
        reasons = [why for text, why in scored.unknown if inside(text)]
        if part != "all" and chosen.sum() < FEWEST:
            continue
        one = _chosen(scored, chosen)
        found, baseline = figures(one, seed)
        top = one.chances.max(axis=1) if head == "reaction" else one.chances[:, 1]
        right = one.labels if head != "reaction" else (one.chances.argmax(axis=1) == one.labels)
        error = calibration_error(top, np.asarray(right, dtype=float), full_bins(top)) if len(top) else None
        made.append(
            HeadFigures(
                head=head,
                part=part,
                items=int(chosen.sum()) + len(reasons),
                unknown=len(reasons),
                why=next((why for why, _ in Counter(reasons).most_common(1)), ""),
                groups=len(set(one.groups)),
                figures=found,
                ece=error,
                baseline=baseline,
            )
        )
    return made


def _is_in(lang: str, text: str) -> bool:
    return detect_lang(text) == lang


def _chosen(scored: Scored, chosen: Array) -> Scored:
    return Scored(
        [text for text, kept in zip(scored.texts, chosen, strict=True) if kept],
        scored.chances[chosen],
        scored.labels[chosen],
        scored.tolerated[chosen],
        scored.groups[chosen],
        scored.rivals[chosen],
        scored.unknown,
    )


def _two_class(scored: Scored, seed: int) -> tuple[dict[str, Estimate], dict[str, float]]:
    """AUROC, and the share of pairs of one rival key in the right order."""
    _, group = np.unique(scored.groups, return_inverse=True)
    count = int(group.max()) + 1 if len(group) else 0
    draws = group_draws(count, RESAMPLES, seed)
    p = scored.chances[:, 1]
    whole = group_auroc(p, scored.labels, group, np.ones((1, count)))
    drawn = group_auroc(p, scored.labels, group, draws)
    won, pairs = np.zeros(count), np.zeros(count)
    for high, low in _pairs(scored):
        won[group[high]] += 1.0 if p[high] > p[low] else 0.5 if p[high] == p[low] else 0.0
        pairs[group[high]] += 1
    return (
        {
            "auroc": estimate(float(whole[0]), drawn, items=len(p), groups=count),
            "order": ratio(won, pairs, draws, items=int(pairs.sum())),
        },
        {"auroc": 0.5, "order": 0.5},
    )


def _pairs(scored: Scored) -> list[tuple[int, int]]:
    by_rival: dict[str, list[int]] = {}
    for at, rival in enumerate(scored.rivals):
        if rival:
            by_rival.setdefault(str(rival), []).append(at)
    return [
        (high, low)
        for places in by_rival.values()
        for high in places
        for low in places
        if scored.labels[high] > scored.labels[low]
    ]


def _seven_labels(scored: Scored, seed: int) -> tuple[dict[str, Estimate], dict[str, float]]:
    """Accuracy, tolerant accuracy, and complaints: precision and recall at probability one half."""
    _, group = np.unique(scored.groups, return_inverse=True)
    count = int(group.max()) + 1 if len(group) else 0
    draws = group_draws(count, RESAMPLES, seed)
    best = scored.chances.argmax(axis=1)
    negative = np.array([label in COMPLAINTS for label in REACTIONS])
    complains = scored.chances[:, negative].sum(axis=1) >= 0.5
    truly = negative[scored.labels] if len(best) else np.zeros(0, dtype=bool)
    columns: Mapping[str, tuple[Array, Array]] = {
        "accuracy": (best == scored.labels, np.ones(len(best))),
        "tolerant": (scored.tolerated[np.arange(len(best)), best], np.ones(len(best))),
        "complaint recall": (complains & truly, truly),
        "complaint precision": (complains & truly, complains),
    }
    found = {
        name: ratio(
            np.bincount(group, weights=top, minlength=count),
            np.bincount(group, weights=bottom, minlength=count),
            draws,
            items=int(np.sum(bottom)),
        )
        for name, (top, bottom) in columns.items()
    }
    if not len(best):
        return found, {}
    most = float(np.bincount(scored.labels).max() / len(best))
    return found, {
        "accuracy": most,
        "complaint recall": 0.5,
        "complaint precision": float(truly.mean()),
    }
