"""What was voted on, each with all its votes and with what was decided about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tactful.annotation.types import Adjudication, Annotation, Item, Kind, Question, Value
from tactful.annotation.votes import Collected

Decided = tuple[Value, str]
"""The value that overrules the votes, and who gave it, in the words of a table."""


@dataclass
class Unit:
    """One question about one item or a part of it."""

    id: str
    session: str
    votes: dict[str, Value] = field(default_factory=dict)
    """Annotator → the vote, in the order of the annotations."""
    decided: Decided | None = None
    """What adjudication says, or else the item's known answer; the votes stay."""


Units = dict[tuple[str, Question], Unit]
"""Of one item: (part, question) → the unit, where it has a vote or a decision."""


def units_of(collected: Collected, kind: Kind) -> Iterator[tuple[Item, Units]]:
    """The items of a kind with their units, in the order of the items; an item may have none."""
    by_item: dict[str, list[Annotation]] = defaultdict(list)
    for one in collected.annotations:
        if one.counts and one.kind == kind:
            by_item[one.item].append(one)
    for item in collected.items.values():
        if item.kind == kind:
            yield item, _units(item, by_item.get(item.id, ()), collected.adjudications.get(item.id))


def _units(item: Item, annotations: Iterable[Annotation], adjudicated: Adjudication | None) -> Units:
    found: Units = {}

    def unit(part: str, question: Question) -> Unit:
        name = f"{item.id}#{part}" if part else item.id
        return found.setdefault((part, question), Unit(name, item.session))

    for one in annotations:
        for part, question, value in one.answer.votes() if one.answer is not None else ():
            unit(part, question).votes[one.annotator] = value
    right, by = (item.gold, "known") if adjudicated is None else (adjudicated.answer, "adjudicated")
    for part, question, value in right.votes() if right is not None else ():
        unit(part, question).decided = (value, by)
    return found
