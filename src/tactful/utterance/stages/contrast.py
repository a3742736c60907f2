"""Contrast report: in what chosen and rejected differ, counted over pairs.

A pair should differ in what it is about and in nothing else; what differs besides is something that a model may learn
instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress

from tactful.types import Record
from tactful.utterance.types import VIEWS, PairedExample, Side

_PARTS = ("reasoning", "paths", "predictions")
FIELDS: tuple[str, ...] = ("category", *(f"{view} {part}" for view in VIEWS for part in _PARTS))


def differing(chosen: Side, rejected: Side) -> tuple[str, ...]:
    """The fields in which two sides differ, in the order of `FIELDS`."""
    differ = [chosen.category is not rejected.category]
    for name in VIEWS:
        one, other = chosen.insight.view(name), rejected.insight.view(name)
        differ += [getattr(one, part) != getattr(other, part) for part in _PARTS]
    return tuple(compress(FIELDS, differ))


class ContrastReport(Record):
    """Counts over the kept pairs."""

    pairs: int
    by_field: Mapping[str, int]
    """Field → pairs that differ in it."""
    by_number: Mapping[int, int]
    """Number of fields → pairs that differ in so many."""


@dataclass
class ContrastCount:
    """Adds up pair by pair; holds counts only."""

    pairs: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    numbers: Counter[int] = field(default_factory=Counter)

    def add(self, record: PairedExample) -> None:
        """Count one record; those that are no pair are passed over."""
        if not record.kept or record.rejected is None:
            return
        found = differing(record.chosen, record.rejected)
        self.pairs += 1
        self.fields.update(found)
        self.numbers[len(found)] += 1

    def report(self) -> ContrastReport:
        """The counts so far."""
        return ContrastReport(
            pairs=self.pairs,
            by_field={name: self.fields[name] for name in FIELDS},
            by_number=dict(sorted(self.numbers.items())),
        )
