"""The votes on one question as columns of numbers: one entry a vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.annotation.types import Value
from tactful.annotation.votes import Vote

Array = NDArray[Any]
_COLUMNS = ("unit", "value", "annotator", "session", "setting")


@dataclass(frozen=True)
class Ballots:
    """Votes on one question, sorted by unit and within it by annotator."""

    unit: Array
    value: Array
    """Index into `values`."""
    annotator: Array
    """Index into `annotators`."""
    session: Array
    setting: Array
    """Index into `settings`."""
    values: tuple[Value, ...]
    annotators: tuple[str, ...]
    settings: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, chosen: Array) -> Ballots:
        """The chosen votes (mask or positions, in order); units and sessions are numbered anew."""
        parts = {name: getattr(self, name)[chosen] for name in _COLUMNS}
        for name in ("unit", "session"):
            parts[name] = np.unique(parts[name], return_inverse=True)[1]
        return replace(self, **parts)

    def several(self) -> Ballots:
        """Those on units with two votes or more."""
        return self.take(np.bincount(self.unit)[self.unit] >= 2 if len(self) else np.zeros(0, dtype=bool))

    def counts(self) -> Array:
        """(units, values) counts of votes."""
        units, width = int(self.unit.max(initial=-1)) + 1, len(self.values)
        return np.bincount(self.unit * width + self.value, minlength=units * width).reshape(units, width)

    def unit_sessions(self) -> Array:
        """(units,) session of each unit."""
        return self.session[np.unique(self.unit, return_index=True)[1]]

    def pairs(self) -> tuple[Array, Array]:
        """Positions (pairs,), (pairs,) of every two votes on one unit, each pair once, the first annotator's first."""
        left, right = [], []
        for apart in range(1, int(np.bincount(self.unit).max(initial=0)) if len(self) else 0):
            at = np.flatnonzero(self.unit[apart:] == self.unit[:-apart])
            left.append(at)
            right.append(at + apart)
        nothing = [np.zeros(0, dtype=int)]
        return np.concatenate(left or nothing), np.concatenate(right or nothing)


def ballots_of(votes: Sequence[Vote]) -> Ballots:
    """The columns of votes on one question."""
    found = {name: _indexed([getattr(vote, name) for vote in votes]) for name in _COLUMNS}
    order = np.lexsort((found["annotator"][0], found["unit"][0]))
    return Ballots(
        **{name: column[order] for name, (column, _) in found.items()},
        values=found["value"][1],
        annotators=found["annotator"][1],
        settings=found["setting"][1],
    )


def _indexed(given: Sequence[Any]) -> tuple[Array, tuple[Any, ...]]:
    """Number of each among the distinct ones, which are sorted."""
    names = tuple(sorted(set(given)))
    places = {name: at for at, name in enumerate(names)}
    return np.array([places[one] for one in given], dtype=int), names
