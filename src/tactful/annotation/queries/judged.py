"""One item with everything that was said of it: what whoever adjudicates looks at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from tactful.annotation.queries.people import pseudonyms
from tactful.annotation.services.answering import ANSWER
from tactful.annotation.store import Store
from tactful.annotation.store.tables import adjudications, answers, items
from tactful.annotation.types import Answer, Asking, FollowUp, Item, Proposals, Replies

_LONGEST = 160
"""Characters of a glimpse."""


@dataclass(frozen=True)
class Said:
    """One annotator's answer, or that they skipped the item."""

    pseudonym: str
    answer: Answer | None
    skipped: str
    comment: str
    at: datetime
    repeat: bool


@dataclass(frozen=True)
class Decision:
    """What was decided, once."""

    pseudonym: str
    answer: Answer
    note: str
    at: datetime


@dataclass(frozen=True)
class Judged:
    """The item and what is known of it."""

    number: int
    """In the database."""
    item: Item
    said: tuple[Said, ...]
    """Without what was taken back; in the order in which it came."""
    decisions: tuple[Decision, ...]
    """The one that holds first, those that it replaced after it."""


def judged(store: Store, number: int) -> Judged | None:
    """The item; None: there is none of this number."""
    with store.read() as connection:
        record = connection.execute(select(items.c.record).where(items.c.id == number)).scalar()
        if record is None:
            return None
        shown = pseudonyms(connection)
        said = connection.execute(
            select(answers)
            .where(answers.c.item_id == number, answers.c.withdrawn_at.is_(None))
            .order_by(answers.c.id)
        ).all()
        decided = connection.execute(
            select(adjudications).where(adjudications.c.item_id == number).order_by(adjudications.c.id.desc())
        ).all()
    return Judged(
        number=number,
        item=Item.model_validate_json(record),
        said=tuple(
            Said(
                pseudonym=shown[row.annotator_id],
                answer=None if row.answer is None else ANSWER.validate_json(row.answer),
                skipped=row.skipped,
                comment=row.comment,
                at=row.answered_at,
                repeat=row.repeat,
            )
            for row in said
        ),
        decisions=tuple(
            Decision(shown[row.annotator_id], ANSWER.validate_json(row.answer), row.note, row.at)
            for row in decided
        ),
    )


def decided_items(store: Store) -> frozenset[str]:
    """Ids of the items that were adjudicated."""
    with store.read() as connection:
        found = select(items.c.key).where(items.c.id.in_(select(adjudications.c.item_id)))
        return frozenset(connection.execute(found).scalars())


def numbers_of(store: Store, ids: Iterable[str]) -> dict[str, int]:
    """Item → its number in the database."""
    with store.read() as connection:
        found = connection.execute(select(items.c.key, items.c.id).where(items.c.key.in_(list(ids))))
        return {row.key: row.id for row in found}


@dataclass(frozen=True)
class Glimpse:
    """What an item is about, in a line."""

    number: int
    """In the database."""
    text: str
    offers: tuple[str, ...]


def glimpses(store: Store, ids: Iterable[str]) -> dict[str, Glimpse]:
    """Item → what it is about."""
    with store.read() as connection:
        found = connection.execute(
            select(items.c.key, items.c.id, items.c.record).where(items.c.key.in_(list(ids)))
        ).all()
    return {row.key: _glimpse(row.id, Item.model_validate_json(row.record)) for row in found}


def _glimpse(number: int, item: Item) -> Glimpse:
    match item.shown:
        case Proposals(events=events, candidates=candidates):
            return Glimpse(number, _short(events[-1].text), tuple(map(_short, candidates)))
        case FollowUp(next=text):
            return Glimpse(number, _short(text), ())
        case Replies(messages=messages) | Asking(messages=messages):
            return Glimpse(number, _short(messages[-1].content), ())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
