"""Intervals that overlap, as stretches one after the other: at each time the strongest one holds."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from tactful.data.activity.types import LogEvent

T = TypeVar("T")
U = TypeVar("U")
Stretch = tuple[int, int, U]
"""Beginning, end, and what holds."""


def strongest(items: Iterable[LogEvent], strength: Callable[[LogEvent], Any]) -> list[Stretch[LogEvent]]:
    """Stretches in order of time that cover what the items cover, each with the item that holds then.

    Items without length are stretches without length, where they stand. Of equally strong items the first given holds.
    """
    given = sorted(items, key=strength, reverse=True)  # so that the first place is the strongest
    begins: dict[int, list[int]] = defaultdict(list)
    moments: dict[int, list[int]] = defaultdict(list)
    times: set[int] = set()
    for place, item in enumerate(given):
        times |= {item.start, item.end}
        if item.end > item.start:
            begins[item.start].append(place)
        else:
            moments[item.start].append(place)
    order = sorted(times)
    waiting: list[int] = []
    found: list[Stretch[LogEvent]] = []
    for index, at in enumerate(order):
        found += [(at, at, given[place]) for place in moments.get(at, ())]
        for place in begins.get(at, ()):
            heapq.heappush(waiting, place)
        while waiting and given[waiting[0]].end <= at:
            heapq.heappop(waiting)
        if waiting and index + 1 < len(order):
            holder = given[waiting[0]]
            if found and found[-1][2] is holder and found[-1][1] == at:
                found[-1] = (found[-1][0], order[index + 1], holder)
            else:
                found.append((at, order[index + 1], holder))
    return found


def union(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What any of the intervals covers, as intervals in order that do not touch."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def crossed(
    stretches: Sequence[Stretch[T]], others: Sequence[Stretch[U]]
) -> list[tuple[int, int, T, U | None]]:
    """The stretches, cut wherever one of the others begins or ends, each with the other that holds then, or None.

    Both in order of time; others without length hold nothing.
    """
    lasting = [other for other in others if other[1] > other[0]]
    found: list[tuple[int, int, T, U | None]] = []
    first = 0
    for start, end, item in stretches:
        while first < len(lasting) and lasting[first][1] <= start:
            first += 1
        place, now = first, start
        while place < len(lasting) and lasting[place][0] < max(end, start + 1):
            begin, until, other = lasting[place]
            if begin > now:
                found.append((now, begin, item, None))
            now = max(begin, now)
            found.append((now, min(until, end), item, other))
            now = min(until, end)
            place += 1
        if now < end or (start == end and place == first):
            found.append((now, end, item, None))
    return found
