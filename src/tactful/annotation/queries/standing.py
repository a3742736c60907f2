"""How far an annotator is, how fast it goes, how far all are. Nobody is compared with anybody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import Connection, bindparam, case, func, select

from tactful.annotation.services.answering import ANSWER
from tactful.annotation.store import Store
from tactful.annotation.store.tables import answers, items, slots
from tactful.annotation.types import Answer

_PACE = 50
"""Last answers of which the pace is told."""
_STALE_S = 10.0
# What every page of work takes is built once: building a statement takes longer than carrying it out.
_MINE = (
    answers.c.annotator_id == bindparam("who"),
    answers.c.withdrawn_at.is_(None),
    answers.c.answer.is_not(None),
)
_TODAY = case((answers.c.answered_at >= bindparam("midnight"), 1), else_=0)
_COUNTED = select(func.count(), func.coalesce(func.sum(_TODAY), 0)).where(*_MINE)
_PACES = (
    select(answers.c.seconds)
    .where(*_MINE, answers.c.seconds > 0)  # 0: not known how long it took
    .order_by(answers.c.answered_at.desc())
    .limit(_PACE)
)
_BEFORE = (
    select(answers.c.answer, answers.c.comment)
    .join(items, items.c.id == answers.c.item_id)
    .where(
        items.c.key == bindparam("which"),
        answers.c.annotator_id == bindparam("who"),
        answers.c.repeat == bindparam("again"),
        answers.c.withdrawn_at.is_not(None),
    )
    .order_by(answers.c.withdrawn_at.desc(), answers.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Standing:
    """Of one annotator."""

    answered: int
    today: int
    """Since midnight, where the server is."""
    seconds: float | None
    """The median of the last answers; None before there are five."""


@dataclass(frozen=True)
class Before:
    """What this annotator had said of an item and took back."""

    answer: Answer | None
    """None: it was skipped."""
    comment: str


class Overall:
    """(answered, wanted) places of the pool, counted anew at most every ten seconds: it is a large count."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: tuple[int, int] = (0, 0)
        self._stale_at = 0.0

    def __call__(self) -> tuple[int, int]:
        """As it was a few seconds ago at the latest."""
        if time.monotonic() >= self._stale_at:
            self._stale_at = time.monotonic() + _STALE_S
            with self._store.read() as connection:
                done = func.coalesce(func.sum(case((slots.c.state == "answered", 1), else_=0)), 0)
                row = connection.execute(select(done, func.count()).where(slots.c.number >= 0)).one()
            self._found = row[0], row[1]
        return self._found


def standing(connection: Connection, annotator: str, now: datetime) -> Standing:
    """How far this annotator is."""
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = connection.execute(_COUNTED, {"who": annotator, "midnight": midnight}).one()
    paces = list(connection.execute(_PACES, {"who": annotator}).scalars())
    return Standing(answered=counted[0], today=counted[1], seconds=median(paces) if len(paces) >= 5 else None)


def said_before(connection: Connection, annotator: str, item: str, repeat: bool) -> Before | None:
    """What was taken back last of this item, for the annotator to see again; None where nothing was."""
    found = connection.execute(_BEFORE, {"who": annotator, "which": item, "again": repeat}).first()
    if found is None:
        return None
    answer = None if found.answer is None else ANSWER.validate_json(found.answer)
    return Before(answer=answer, comment=found.comment)
