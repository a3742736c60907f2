"""What whoever looked at a disagreement decides. The votes stay, and so do earlier decisions."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert, select

from tactful.annotation.services.answering import check_answer
from tactful.annotation.store import Store
from tactful.annotation.store.tables import adjudications, items
from tactful.annotation.types import Answer
from tactful.errors import UserError


def decide(
    store: Store, by: str, number: int, answer: Answer, *, note: str = "", now: datetime | None = None
) -> str:
    """The id of the item of this number in the database, of which this holds from now on, whatever was decided before.

    Raises: UserError where there is no such item; WrongAnswer.
    """
    with store.write() as connection:
        found = connection.execute(
            select(items.c.key, items.c.kind, items.c.parts).where(items.c.id == number)
        ).first()
        if found is None:
            raise UserError(f"there is no item {number}; go back to the list")
        check_answer(found.kind, found.parts, answer)
        connection.execute(
            insert(adjudications).values(
                item_id=number,
                annotator_id=by,
                answer=answer.model_dump_json(),
                note=note.strip(),
                at=now or datetime.now(UTC),
            )
        )
    return str(found.key)
