"""How well does a reader read? Figures per judgement, language and length, by contrast group, beside a baseline.

Readings that are "not known" are left out of every figure and counted. The unit of an interval is the contrast group
(its texts differ in one essential thing), never the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tactful.reading import COMPLAINTS, REACTIONS, Reader
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.kinds import is_short
from tactful.reading.labelled import Labelled
from tactful.stats.auroc import group_auroc
from tactful.stats.bootstrap import Array, estimate, group_draws, ratio
from tactful.stats.calibration import Floor, calibration_error, error_floor, full_bins, simulated
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
    ece_floor: Floor | None = None
    """What a perfectly calibrated reader with the same probabilities shows of it by chance."""
    baseline: Mapping[str, float]
    """What needs no reading: chance (AUROC, order), the most frequent label (accuracy)."""


class Read(NamedTuple):
    """One labelled text, read."""

    text: str
    chances: Sequence[float] | None
    """Of each class; None: not known."""
    label: int
    """Class."""
    group: str
    rival: str = ""
    """Key within which pairs are ordered; empty: none."""
    tolerated: Sequence[int] = ()
    """Further classes that count as right."""
    unknown: str = ""
    """Why it is not known."""


@dataclass(frozen=True)
class Scored:
    """Known readings of one head as columns."""

    chances: Array
    """(n, classes)."""
    labels: Array
    """(n,) class."""
    tolerated: Array
    """(n, classes) 1 where a label counts as right."""
    group: Array
    """(n,) index of the contrast group."""
    groups: int
    rivals: Sequence[str]


def _scored(known: Sequence[Read], classes: int) -> Scored:
    labels = np.array([one.label for one in known], dtype=int)
    tolerated = np.eye(classes)[labels]
    for row, one in zip(tolerated, known, strict=True):
        row[list(one.tolerated)] = 1
    names, group = np.unique([one.group for one in known], return_inverse=True)
    chances = np.array([one.chances for one in known], dtype=float).reshape(-1, classes)
    return Scored(chances, labels, tolerated, group, len(names), [one.rival for one in known])


async def read_needs(reader: Reader, rows: Labelled) -> list[Read]:
    """The requests of `rows`, read."""
    found = await reader.needs([request_of(row) for row in rows.requests])
    return [
        Read(row.text, _both(one.need), int(row.label == "open"), row.group, row.group, unknown=one.unknown)
        for row, one in zip(rows.requests, found, strict=True)
    ]


async def read_reactions(reader: Reader, rows: Labelled) -> list[Read]:
    """The follow-ups of `rows`, read."""
    found = await reader.reactions([exchange_of(row) for row in rows.followups])
    return [
        Read(
            row.user_next,
            [one.probabilities[label] for label in REACTIONS] if one.probabilities else None,
            REACTIONS.index(row.label7),
            row.group,
            tolerated=[REACTIONS.index(label) for label in row.accept],
            unknown=one.unknown,
        )
        for row, one in zip(rows.followups, found, strict=True)
    ]


async def read_offers(reader: Reader, rows: Labelled) -> list[Read]:
    """The proposals of `rows` (silences left out), read."""
    offered = [row.labelled for row in rows.moments if row.labelled.moment.proposal is not None]
    found = await reader.offers([item.moment for item in offered])
    return [
        Read(
            item.moment.proposal or "",
            _both(one.accept),
            int(item.label.accepted),
            item.moment.session,
            f"{item.moment.session}|{item.moment.proposal}",
            unknown=one.unknown,
        )
        for item, one in zip(offered, found, strict=True)
    ]


def _both(p: float | None) -> tuple[float, float] | None:
    return None if p is None else (1 - p, p)


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
    read: Sequence[Read],
    figures: Callable[[Scored, Array], tuple[dict[str, Estimate], dict[str, float]]],
    seed: int,
) -> list[HeadFigures]:
    inside = [{"all", detect_lang(one.text), "short" if is_short(one.text) else "long"} for one in read]
    made = []
    for part in ("all", "en", "zh", "other", "short", "long"):
        mine = [one for one, parts in zip(read, inside, strict=True) if part in parts]
        known = [one for one in mine if one.chances is not None]
        if part != "all" and len(known) < FEWEST:
            continue
        scored = _scored(known, len(REACTIONS) if head == "reaction" else 2)
        found, baseline = figures(scored, group_draws(scored.groups, RESAMPLES, seed))
        top = scored.chances.max(axis=1) if head == "reaction" else scored.chances[:, 1]
        right = scored.labels if head != "reaction" else (scored.chances.argmax(axis=1) == scored.labels)
        places = full_bins(top) if len(top) else None
        reasons = Counter(one.unknown for one in mine if one.chances is None)
        made.append(
            HeadFigures(
                head=head,
                part=part,
                items=len(mine),
                unknown=len(mine) - len(known),
                why=next((why for why, _ in reasons.most_common(1)), ""),
                groups=scored.groups,
                figures=found,
                ece=None if places is None else calibration_error(top, right.astype(float), places),
                ece_floor=None if places is None else error_floor(top, places, simulated(top, seed)),
                baseline=baseline,
            )
        )
    return made


def _two_class(scored: Scored, draws: Array) -> tuple[dict[str, Estimate], dict[str, float]]:
    """AUROC, and the share of pairs of one rival key in the right order."""
    group, count = scored.group, scored.groups
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
            by_rival.setdefault(rival, []).append(at)
    return [
        (high, low)
        for places in by_rival.values()
        for high in places
        for low in places
        if scored.labels[high] > scored.labels[low]
    ]


def _seven_labels(scored: Scored, draws: Array) -> tuple[dict[str, Estimate], dict[str, float]]:
    """Accuracy, tolerant accuracy, and complaints: precision and recall at probability one half."""
    group, count = scored.group, scored.groups
    best = scored.chances.argmax(axis=1)
    negative = np.array([label in COMPLAINTS for label in REACTIONS])
    complains = scored.chances[:, negative].sum(axis=1) >= 0.5
    truly = negative[scored.labels]
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
