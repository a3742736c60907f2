"""What belongs together, wherever it stands: rows of one dialogue come as one group though a log mixes its dialogues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def grouped(items: Iterable[T], key: Callable[[T], Hashable]) -> Iterator[list[T]]:
    """The items of each key together, in their order; a group comes as soon as its last item was read.

    `items` is gone through twice, and only groups that have begun and not ended are held: adjacent rows cost no memory.
    """
    if isinstance(items, Iterator):
        items = list(items)
    left = Counter(key(item) for item in items)
    begun: dict[Hashable, list[T]] = {}
    for item in items:
        name = key(item)
        begun.setdefault(name, []).append(item)
        left[name] -= 1
        if not left[name]:
            yield begun.pop(name)
