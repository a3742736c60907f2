"""An item that an annotator chose themselves, in place of being given it: answered at once, and anew if they like."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from tactful.annotation.services.answering import ANSWER, check_answer, keep_in, let_go
from tactful.annotation.services.claiming import leased, take_at
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.project import Project, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import COUNTS, answers, items, slots
from tactful.annotation.types import Answer, Item
from tactful.errors import UserError


def answer_chosen(
    store: Store,
    annotator: str,
    item: Item,
    answer: Answer,
    *,
    comment: str = "",
    shown_at: datetime | None = None,
    now: datetime | None = None,
) -> None:
    """Keep the answer to this item, which is put into the pool where it is new. An earlier one of the same annotator stays
    in the data, marked withdrawn. What they had open goes back. Its seconds count from `shown_at`; None: 0, not known.

    Raises: WrongAnswer; UserError where the database orders its items by a model, which has said nothing of this one.
    """
    at = now or datetime.now(UTC)
    try:
        load_items(store, (item,))
    except ValueError:
        raise UserError(
            "this database gives items in the order of a model's uncertainty, which is not known of an item that is "
            "chosen; give another database"
        ) from None
    with store.write() as connection:
        found = connection.execute(
            select(items.c.id, items.c.kind, items.c.parts).where(items.c.key == item.id)
        ).one()
        check_answer(found.kind, found.parts, answer)
        mine = (answers.c.item_id == found.id, answers.c.annotator_id == annotator, ~answers.c.repeat)
        connection.execute(
            update(answers).where(*mine, answers.c.withdrawn_at.is_(None)).values(withdrawn_at=at)
        )
        let_go(connection, annotator)
        slot = _slot(connection, annotator, found.id, project_of(connection), min(shown_at or at, at))
        keep_in(connection, annotator, slot, answer, "", comment, at)


def _slot(connection: Connection, annotator: str, item: int, project: Project, at: datetime) -> int:
    """Their place at this item: the one that they have, a free one, else one of their own beside those of the pool."""
    lease = leased(project, annotator, at)
    own = select(slots.c.id).where(
        slots.c.item_id == item, slots.c.annotator_id == annotator, ~slots.c.repeat
    )
    taken = take_at(connection, item, own, lease)
    if taken is not None:
        return taken
    made = insert(slots).values(item_id=item, number=-1, repeat=False, **lease).returning(slots.c.id)
    return int(connection.execute(made).scalar_one())


def said_of(store: Store, annotator: str, item: Item) -> tuple[Answer, str] | None:
    """(answer, comment) that stand of this annotator on the item; None: they have not answered it."""
    with store.read() as connection:
        found = connection.execute(
            select(answers.c.answer, answers.c.comment)
            .join(items, items.c.id == answers.c.item_id)
            .where(items.c.key == item.id, answers.c.annotator_id == annotator, COUNTS)
            .limit(1)
        ).first()
    return None if found is None else (ANSWER.validate_json(found.answer), found.comment)
