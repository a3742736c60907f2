"""What fitting gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tactful.stats import Estimate
from tactful.types import Record

Number = float | tuple[float, float] | tuple[int, int]


class Fitted(Record):
    """One value of the table, from the log."""

    key: str
    """`gaps.quick_share`"""
    value: Number
    was: Number
    """The default."""
    estimate: Estimate
    """The same with its interval over sessions, of the value's last part where it has two; none where they are few."""
    by: str
    """What was counted."""


class FittedUsers(Record):
    """A table of parameters by a log, in part."""

    source: str
    sessions: int
    events: int
    reactions: int
    fitted: tuple[Fitted, ...]
    left: Mapping[str, str]
    """Key, or part of the table, that stays at its default → why."""

    def table(self) -> dict[str, Any]:
        """The fitted values, nested as in the table of parameters."""
        found: dict[str, Any] = {}
        for one in self.fitted:
            *path, last = one.key.split(".")
            place = found
            for name in path:
                place = place.setdefault(name, {})
            place[last] = list(one.value) if isinstance(one.value, tuple) else one.value
        return found
