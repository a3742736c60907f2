"""What an annotator says of an item: an answer, a skip, or that the last one is taken back. Acknowledged is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tactful.annotation.services.assigning import shown_order
from tactful.annotation.services.claiming import leased, take_at
from tactful.annotation.services.project import Project, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import answers, items, slots
from tactful.annotation.types import Answer, Item, ProposalsAnswer
from tactful.errors import UserError

ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
# What every answer takes is built once: building a statement takes longer than carrying it out.
_PLACE = (
    select(slots, items.c.kind, items.c.parts, items.c.record)
    .join(items, items.c.id == slots.c.item_id)
    .where(slots.c.id == bindparam("place"))
    .with_for_update(of=slots)
)
_CHANGE = update(slots).where(slots.c.id == bindparam("place"))
_GIVEN_BACK: Mapping[str, Any] = {
    "state": "returned", "annotator_id": None, "leased_at": None, "leased_until": None,
}  # fmt: skip
UNDONE_AT_MOST = 20
"""Answers that can be taken back one after the other."""


class NotYours(UserError):
    """The item is not, or no longer, this annotator's to answer: its lease ran out and somebody else has it."""


class WrongAnswer(UserError):
    """The answer does not fit the item."""


def give_answer(
    store: Store, annotator: str, slot: int, answer: Answer, *, comment: str = "", now: datetime | None = None
) -> bool:
    """Keep the answer. True: it was new. False: this annotator had answered in this place already, and that stands.

    Raises: NotYours; WrongAnswer.
    """
    with store.write() as connection:
        return keep_in(connection, annotator, slot, answer, "", comment, now or datetime.now(UTC))


def skip(
    store: Store, annotator: str, slot: int, reason: str, *, comment: str = "", now: datetime | None = None
) -> bool:
    """Leave the item to others, with the reason; this annotator will not meet it again. As `give_answer`."""
    if not reason.strip():
        raise WrongAnswer("say why the item is skipped")
    with store.write() as connection:
        return keep_in(connection, annotator, slot, None, reason.strip(), comment, now or datetime.now(UTC))


def keep_in(
    connection: Connection,
    annotator: str,
    slot: int,
    answer: Answer | None,
    skipped: str,
    comment: str,
    at: datetime,
) -> bool:
    """As `give_answer` and `skip`, within a transaction."""
    found = connection.execute(_PLACE, {"place": slot}).first()
    if found is None or found.annotator_id != annotator:
        if _said_before(connection, annotator, slot):
            return False
        raise NotYours(
            "this item is not yours to answer: its time ran out and somebody else has it; go on with the next"
        )
    if found.state != "leased":
        return False
    if answer is not None:
        check_answer(found.kind, found.parts, answer)
    project = project_of(connection)
    pooled = found.number >= 0
    if answer is not None or not pooled:
        after: Mapping[str, Any] = {"state": "answered", "leased_until": None}
    else:
        after = _GIVEN_BACK
    connection.execute(_CHANGE, {"place": slot, **after})
    item = Item.model_validate_json(found.record)
    spent = (at - found.leased_at).total_seconds()
    row = {
        "slot_id": slot,
        "item_id": found.item_id,
        "annotator_id": annotator,
        "answer": None if answer is None else answer.model_dump_json(),
        "skipped": skipped,
        "comment": comment.strip(),
        "seconds": min(max(spent, 0.0), project.lease_minutes * 60),
        "shown_order": orjson.dumps(shown_order(project, annotator, item, found.repeat)).decode(),
        "repeat": found.repeat,
        "answered_at": at,
    }
    connection.execute(insert(answers), row)
    return True


def undo(store: Store, annotator: str, *, now: datetime | None = None) -> bool:
    """Take the last answer back: it stays in the data, marked withdrawn, and the item is open before the annotator again.

    What they had before them returns to the pool. False: there is nothing to take back, or the place of a skipped item has
    gone to others.
    """
    at = now or datetime.now(UTC)
    try:
        with store.write() as connection:
            return _undo(connection, annotator, at, project_of(connection))
    except IntegrityError:  # answered or claimed in another window at this moment
        return False


def _undo(connection: Connection, annotator: str, at: datetime, project: Project) -> bool:
    last = connection.execute(
        select(answers)
        .where(answers.c.annotator_id == annotator, answers.c.withdrawn_at.is_(None))
        .order_by(answers.c.answered_at.desc(), answers.c.id.desc())
        .limit(1)
    ).first()
    if last is None or _withdrawn_in_a_row(connection, annotator, last) >= UNDONE_AT_MOST:
        return False
    let_go(connection, annotator)
    own = select(slots.c.id).where(slots.c.id == last.slot_id, slots.c.annotator_id == annotator)
    # where it was skipped, its place went back to the pool
    if take_at(connection, last.item_id, own, leased(project, annotator, at)) is None:
        return False
    connection.execute(update(answers).where(answers.c.id == last.id).values(withdrawn_at=at))
    return True


def let_go(connection: Connection, annotator: str) -> None:
    """What the annotator has open goes back: to the pool, or away where it was made for them."""
    held = (slots.c.annotator_id == annotator) & (slots.c.state == "leased")
    connection.execute(delete(slots).where(held, slots.c.number < 0))
    connection.execute(update(slots).where(held).values(_GIVEN_BACK))


def _withdrawn_in_a_row(connection: Connection, annotator: str, last: Row[Any]) -> int:
    """Answers that were taken back after the last that stands was given."""
    later = select(answers.c.id).where(
        answers.c.annotator_id == annotator,
        answers.c.withdrawn_at.is_not(None),
        answers.c.answered_at >= last.answered_at,
    )
    return len(connection.execute(later).all())


def _said_before(connection: Connection, annotator: str, slot: int) -> bool:
    said = select(answers.c.id).where(
        answers.c.slot_id == slot, answers.c.annotator_id == annotator, answers.c.withdrawn_at.is_(None)
    )
    return connection.execute(said.limit(1)).first() is not None


def check_answer(kind: str, parts: int, answer: Answer) -> None:
    """Nothing, if the answer fits an item of this kind with so many proposals. Raises: WrongAnswer."""
    if answer.kind != kind:
        raise WrongAnswer(f"the item is of the kind '{kind}', the answer of '{answer.kind}'; reload the page")
    if not isinstance(answer, ProposalsAnswer):
        return
    if answer.help_wanted is None:  # only votes that were brought along leave it open
        raise WrongAnswer("it is not answered whether help was wanted; answer it")
    if len(answer.accepted) != parts:
        raise WrongAnswer(
            f"the item has {parts} proposals, the answer speaks of {len(answer.accepted)}; answer each of them"
        )
