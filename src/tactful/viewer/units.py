"""The turns of a run as plain mappings, streamed: what a copied filter works on.

from tactful.viewer.units import units
found = [unit for unit in units("runs/audit") if unit.get("asked") is True]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tactful.viewer.index.build import text_of, units_of
from tactful.viewer.index.sources import Entry, Source, open_source
from tactful.viewer.index.tables import OTHER_REWARD
from tactful.viewer.index.text import holds
from tactful.viewer.strips.kinds import kind_of
from tactful.viewer.types import Scalar

_AT_ONCE = 200


class Unit(dict[str, Scalar]):
    """The facts of one turn; `get` of what is not known is None."""

    def __init__(self, facts: dict[str, Scalar], entry: Entry, line: int | None) -> None:
        super().__init__(facts)
        self.ordinal = entry.line.ordinal
        """Place of its record in the input."""
        self.row: Any = entry.rows[line] if line is not None else None
        """The JSON object that it stands in; None for a record without outputs."""
        self._entry = entry

    def has(self, words: str) -> bool:
        """Whether its record holds these words, as the viewer searches."""
        return holds(text_of(self._entry), words)


def units(path: Path | str) -> Iterator[Unit]:
    """Every turn of the run or JSONL file, in order. Raises: DataError where there is neither."""
    source = open_source(Path(path))
    beside = _best_of_branches(source)
    for entry in _entries(source):
        for line, turn, facts in units_of(entry, source.config):
            unit = Unit(dict(facts), entry, line)
            best = beside.get((str(facts.get("turn_id")), turn))
            if best is not None and "parent" not in facts:
                unit[OTHER_REWARD] = best
            yield unit


def _best_of_branches(source: Source) -> dict[tuple[str, int | None], float]:
    """(mainline, turn) → the best reward of the branches that were played from there."""
    best: dict[tuple[str, int | None], float] = {}
    first = next(_entries(source), None)
    if first is None or not any(isinstance(row, dict) and kind_of(row) == "rewarded" for row in first.rows):
        return best
    for entry in _entries(source):
        for _, turn, facts in units_of(entry, source.config):
            reward = facts.get("reward")
            if facts.get("branched") and isinstance(reward, float):
                key = str(facts["parent"]), turn
                best[key] = max(reward, best.get(key, reward))
    return best


def _entries(source: Source) -> Iterator[Entry]:
    after = -1
    while places := [place for place, _ in source.stamps(after, _AT_ONCE)]:
        yield from source.entries(places)
        after = places[-1]
