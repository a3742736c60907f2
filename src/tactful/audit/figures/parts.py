"""The log in parts: by domain, length, model, user and week; what changed over time; who likes questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.audit.figures.tally import SHARES, Part, Row, by_value, share_of
from tactful.audit.results import Breakdown, Shared, Slice, Trend, UserTaste
from tactful.stats.asking import AskingCounts
from tactful.stats.bootstrap import resampled
from tactful.stats.shares import GroupSums

Array = NDArray[Any]
_FIELDS = ("domain", "length", "model", "user", "source")
_IN_SLICES = ("asked", "needless", "guessed", "complaints")
_FEWEST_QUESTIONS = 3
"""Judged questions from which a user is shown."""
_SURE = 0.9
_MOST_TASTES = 12


def shares_of(rows: Sequence[Row], *, users: bool) -> tuple[Shared, ...]:
    """The shares of the whole log."""
    return tuple(share_of(rows, name, users=users) for name in SHARES)


def breakdowns(rows: Sequence[Row]) -> tuple[Breakdown, ...]:
    """The log by each field that tells its conversations apart."""
    found = []
    for name in _FIELDS:
        parts = by_value(rows, attrgetter(name))
        if len(parts) > 1:
            found.append(Breakdown(by=name, rows=tuple(_slice(value, held) for value, held in parts)))
    return tuple(found)


def weeks(rows: Sequence[Row]) -> tuple[Slice, ...]:
    """The log week by week, the earliest first."""
    return tuple(_slice(week, held) for week, held in sorted(by_value(rows, attrgetter("week"), most=10_000)))


def _slice(value: str, rows: Sequence[Row]) -> Slice:
    return Slice(
        value=value,
        conversations=len(rows),
        turns=int(sum(row.asking.turns for row in rows)),
        shares={name: share_of(rows, name).by_conversation for name in _IN_SLICES},
    )


def trends(rows: Sequence[Row]) -> tuple[Trend, ...]:
    """What changed between the earlier and the later half of the weeks; empty with fewer than two."""
    dated = sorted({row.week for row in rows if row.week})
    if len(dated) < 2:
        return ()
    middle = dated[len(dated) // 2]
    held = [row for row in rows if row.week]
    return tuple(_trend(name, held, middle, SHARES[name][1]) for name in _IN_SLICES)


def _trend(name: str, rows: Sequence[Row], middle: str, part: Part) -> Trend:
    pairs = np.array([part(row) for row in rows], dtype=float)
    late = np.array([row.week >= middle for row in rows], dtype=float)[:, None]
    sums = np.concatenate([pairs * (1 - late), pairs * late], axis=1)

    def change(drawn: Array) -> dict[str, Array]:
        with np.errstate(invalid="ignore", divide="ignore"):
            earlier, later = drawn[:, 0] / drawn[:, 1], drawn[:, 2] / drawn[:, 3]
            return {"earlier": earlier, "later": later, "change": later - earlier}

    found = resampled(sums, change, items=int(pairs[:, 1].sum()))
    return Trend(
        name=name, earlier=found["earlier"].value, later=found["later"].value, change=found["change"]
    )


def per_user(rows: Iterable[Row]) -> list[AskingCounts]:
    """The counts of asking, one row a user."""
    found: dict[str, AskingCounts] = {}
    for row in rows:
        found.setdefault(row.user, AskingCounts()).add(row.asking)
    return list(found.values())


def tastes(rows: Iterable[Row]) -> tuple[UserTaste, ...]:
    """Who takes questions better or worse than the others, those with most questions first.

    A user's own share is pulled towards that of all (as if four more of their questions had fared like everybody's);
    the verdict stands where the chance that it lies on that side is at least 0.9.
    """
    from scipy.stats import beta

    counts = GroupSums()
    for row in rows:
        if row.user and row.asking.questions_judged:
            counts.add(row.user, row.welcome, row.asking.questions_judged)
    liked, asked = (sum(held[at] for held in counts.values()) for at in (0, 1))
    if not asked or len(counts) < 2:
        return ()
    overall = min(0.99, max(0.01, liked / asked))
    found = []
    for user, (welcome, questions) in sorted(counts.items(), key=lambda item: -item[1][1]):
        if questions < _FEWEST_QUESTIONS:
            continue
        above = float(beta.sf(overall, welcome + 4 * overall, questions - welcome + 4 * (1 - overall)))
        found.append(
            UserTaste(
                user=user,
                questions=int(questions),
                welcome=int(welcome),
                verdict="likes them"
                if above >= _SURE
                else "minds them"
                if above <= 1 - _SURE
                else "not clear",
            )
        )
    return tuple(sorted(found, key=lambda taste: taste.verdict == "not clear")[:_MOST_TASTES])
