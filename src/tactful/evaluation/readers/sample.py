"""A smaller part of labelled texts for readers that cost money or time: whole contrast groups, drawn by seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tactful.reading.labelled import Labelled
from tactful.types import seeded

T = TypeVar("T")


def sampled(labelled: Labelled, about: int, seed: int) -> Labelled:
    """Groups of each judgement, drawn until they hold `about` texts; all where there are no more."""
    return _of_each(labelled, lambda texts: about, seed)


def part(labelled: Labelled, share: float, seed: int) -> Labelled:
    """About `share` (0 to 1) of the texts of each judgement, in whole groups drawn by seed."""
    return _of_each(labelled, lambda texts: share * texts, seed)


def _of_each(labelled: Labelled, about: Callable[[int], float], seed: int) -> Labelled:
    """Of each judgement about as many texts as `about` says of their number."""
    requests, followups, moments = labelled.requests, labelled.followups, labelled.moments
    return Labelled(
        _drawn(requests, lambda row: row.group, about(len(requests)), seed),
        _drawn(followups, lambda row: row.group, about(len(followups)), seed),
        _drawn(moments, lambda row: row.labelled.moment.session, about(len(moments)), seed),
    )


def _drawn(rows: Sequence[T], group_of: Callable[[T], str], about: float, seed: int) -> tuple[T, ...]:
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[group_of(row)] = sizes.get(group_of(row), 0) + 1
    order = sorted(sizes)
    seeded("reader sample", seed).shuffle(order)
    kept: set[str] = set()
    total = 0
    for group in order:
        if total >= about:
            break
        kept.add(group)
        total += sizes[group]
    return tuple(row for row in rows if group_of(row) in kept)
