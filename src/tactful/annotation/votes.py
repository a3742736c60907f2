"""What was collected, in memory, and the single votes in it: what agreement, export and audit start from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tactful.annotation.types import Adjudication, Annotation, Item, Kind, Question, Value

ITEMS, ANNOTATIONS, ADJUDICATIONS = "items.jsonl", "annotations.jsonl", "adjudications.jsonl"
"""The files of an exported folder; the last may be missing."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One value by one annotator about one unit."""

    unit: str
    """The item, and where it has several parts the part: `ITEM#0` is its first proposal."""
    question: Question
    value: Value
    annotator: str
    """A UUID; where a file tells only the order of votes, `1`, `2`, … within its unit, which name nobody."""
    kind: Kind
    session: str
    setting: str = ""


@dataclass(frozen=True)
class Collected:
    """Items with what annotators answered, and what adjudication decided."""

    items: Mapping[str, Item]
    annotations: Sequence[Annotation] = ()
    adjudications: Mapping[str, Adjudication] = field(default_factory=dict)
    """Item → the last decision on it."""
    name: str = ""
    """The database or folder, as messages name it."""
    nameless: bool = False
    """The votes have no annotators, only an order within their unit: nothing can be told per annotator."""
    bad: int = 0
    """Rows that could not be read and were left out."""
    problems: Sequence[str] = ()
    """`file:line: what is wrong` of the first of them."""

    def votes(self) -> Iterator[Vote]:
        """The votes that count: answered, not withdrawn, no repeat; in the order of the annotations."""
        for one in self.annotations:
            if one.counts:
                yield from votes_of(one)


def known_votes(collected: Collected, annotations: Iterable[Annotation]) -> Iterator[tuple[Vote, Value]]:
    """The votes of these annotations on items whose answer is known, each with the value that is right."""
    for one in annotations:
        item = collected.items.get(one.item)
        if item is None or item.gold is None:
            continue
        gold = one.model_copy(update={"answer": item.gold})
        right = {(vote.unit, vote.question): vote.value for vote in votes_of(gold)}
        for vote in votes_of(one):
            if (vote.unit, vote.question) in right:
                yield vote, right[vote.unit, vote.question]


def votes_of(annotation: Annotation) -> Iterator[Vote]:
    """The votes in one annotation; none where it was skipped."""
    if annotation.answer is None:
        return
    for part, question, value in annotation.answer.votes():
        yield Vote(
            unit=f"{annotation.item}#{part}" if part else annotation.item,
            question=question,
            value=value,
            annotator=annotation.annotator,
            kind=annotation.kind,
            session=annotation.session,
            setting=annotation.setting,
        )
