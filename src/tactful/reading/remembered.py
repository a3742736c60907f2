"""Answers to equal questions, asked once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """What `ask` answers, up to `most` answers between calls; those that came first are forgotten first."""

    def __init__(self, ask: Callable[[Sequence[K]], Sequence[V]], most: int) -> None:
        self._ask = ask
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()

    def of(self, items: Sequence[K]) -> list[V]:
        """The answers, in order."""
        new = [item for item in dict.fromkeys(items) if item not in self._known]
        self._known.update(zip(new, self._ask(new), strict=True) if new else ())
        found = [self._known[item] for item in items]
        while len(self._known) > self._most:
            self._known.popitem(last=False)
        return found
