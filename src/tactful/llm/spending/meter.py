"""Counts what the calls of one record cost.

The meter is a context variable: calls made inside `with metered()` are counted there, also those of child tasks
started inside, and every enclosing meter counts them too.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Self

from tactful.llm.types import Usage

_MOST_PARTS = 64
Asker = tuple[str, str]
"""(run id, record id)"""


class Meter:
    """Running totals of the calls made under one `metered()` block, which it opens and closes."""

    __slots__ = ("_before", "_outer", "_parts", "asked_again", "record", "repaired", "unknown_endings")

    def __init__(self, outer: Meter | None = None, record: Asker | None = None) -> None:
        self._outer = outer
        self.record: Asker | None = record if record is not None or outer is None else outer.record
        """On whose account the calls are made; None: of nobody that could be named."""
        self._parts: list[Usage] = []
        self.repaired = 0
        """Structured replies whose JSON was slightly broken and was repaired."""
        self.asked_again = 0
        """Structured replies that did not validate and were asked for again."""
        self.unknown_endings = 0
        """Answers whose finish reason is not known and which were taken for whole."""

    def __enter__(self) -> Self:
        self._before: Token[Meter | None] = _current.set(self)
        return self

    def __exit__(self, *exception: object) -> None:
        _current.reset(self._before)

    @property
    def usage(self) -> Usage:
        """The sum so far; added up when asked for, since most calls are only counted."""
        if len(self._parts) != 1:
            total = Usage()
            for part in self._parts:
                total = total + part
            self._parts = [total]
        return self._parts[0]

    def add(
        self, usage: Usage | None, *, repaired: int = 0, asked_again: int = 0, unknown_endings: int = 0
    ) -> None:
        """Count one call, here and in the meters around this one; None for no call of its own."""
        meter: Meter | None = self
        while meter is not None:
            if usage is not None:
                meter._parts.append(usage)
                if len(meter._parts) > _MOST_PARTS:
                    meter._parts = [meter.usage]
            meter.repaired += repaired
            meter.asked_again += asked_again
            meter.unknown_endings += unknown_endings
            meter = meter._outer


_current: ContextVar[Meter | None] = ContextVar("tactful_meter", default=None)


def metered(record: Asker | None = None) -> Meter:
    """A fresh meter for the calls made inside the block; the call cache notes them with `record`, where one is named."""
    return Meter(_current.get(), record)


def asker() -> Asker | None:
    """The run and record on whose account calls are made now; None outside of runs."""
    meter = _current.get()
    return None if meter is None else meter.record


def cost_so_far() -> Usage:
    """What has been counted for the running record; nothing outside of runs."""
    meter = _current.get()
    while meter is not None and meter._outer is not None:
        meter = meter._outer
    return Usage() if meter is None else meter.usage


def count(usage: Usage | None, *, repaired: int = 0, asked_again: int = 0, unknown_endings: int = 0) -> None:
    """Add to the meter of the running record, if there is one."""
    meter = _current.get()
    if meter is not None:
        meter.add(usage, repaired=repaired, asked_again=asked_again, unknown_endings=unknown_endings)
