"""Intervals that overlap, as stretches one after the other: at each time the strongest one holds."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar


class Interval(Protocol):
    """Something with a beginning and an end."""

    @property
    def start(self) -> int:
        """When it begins."""
        ...

    @property
    def end(self) -> int:
        """When it ends."""
        ...


T = TypeVar("T", bound=Interval)
U = TypeVar("U")
Stretch = tuple[int, int, U]
"""Beginning, end, and what holds."""


def strongest(items: Iterable[T], strength: Callable[[T], Any]) -> list[Stretch[T]]:
    """Stretches in order of time that cover what the items cover, each with the item that holds then.

    Items without length are stretches without length, where they stand. Of equally strong items the first given holds.
    """
    given = list(items)
    begins: dict[int, list[tuple[Any, int]]] = defaultdict(list)
    moments: dict[int, list[int]] = defaultdict(list)
    times: set[int] = set()
    for place, item in enumerate(given):
        times |= {item.start, item.end}
        if item.end > item.start:
            begins[item.start].append((_Reversed(strength(item)), place))
        else:
            moments[item.start].append(place)
    order = sorted(times)
    waiting: list[tuple[Any, int]] = []
    found: list[Stretch[T]] = []
    for index, at in enumerate(order):
        found += [(at, at, given[place]) for place in moments.get(at, ())]
        for entry in begins.get(at, ()):
            heapq.heappush(waiting, entry)
        while waiting and given[waiting[0][1]].end <= at:
            heapq.heappop(waiting)
        if waiting and index + 1 < len(order):
            holder = given[waiting[0][1]]
            if found and found[-1][2] is holder and found[-1][1] == at:
                found[-1] = (found[-1][0], order[index + 1], holder)
            else:
                found.append((at, order[index + 1], holder))
    return found


class _Reversed:
    """Sorts the strongest first."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(other.value == self.value)

    __hash__ = None  # type: ignore[assignment]


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
