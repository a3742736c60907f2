"""What annotators wrote: why they left items to others, and their comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, func, select

from tactful.annotation.queries.people import pseudonyms
from tactful.annotation.store import Store
from tactful.annotation.store.tables import answers, items

What = Literal["skipped", "comments"]


@dataclass(frozen=True)
class Remark:
    """One of them."""

    number: int
    """The item's, in the database."""
    item: str
    kind: str
    pseudonym: str
    reason: str
    """Of a skip; empty: it was answered."""
    comment: str
    at: datetime


@dataclass(frozen=True)
class Remarks:
    """A page of them, the newest first."""

    rows: Sequence[Remark]
    total: int
    reasons: Mapping[str, int]
    """Of all skips, the most frequent first; empty for comments."""


def remarks(store: Store, what: What, *, start: int = 0, most: int = 50) -> Remarks:
    """Those that stand: what was taken back is left out."""
    said = answers.c.answer.is_(None) if what == "skipped" else answers.c.comment != ""
    wanted = and_(answers.c.withdrawn_at.is_(None), said)
    with store.read() as connection:
        shown = pseudonyms(connection)
        total = connection.execute(select(func.count()).select_from(answers).where(wanted)).scalar_one()
        rows = connection.execute(
            select(answers, items.c.key, items.c.kind)
            .join(items, items.c.id == answers.c.item_id)
            .where(wanted)
            .order_by(answers.c.id.desc())
            .offset(start)
            .limit(most)
        ).all()
        reasons = connection.execute(
            select(answers.c.skipped, func.count())
            .where(wanted)
            .group_by(answers.c.skipped)
            .order_by(func.count().desc(), answers.c.skipped)
            .limit(20)
        ).all()
    return Remarks(
        rows=[
            Remark(
                number=row.item_id,
                item=row.key,
                kind=row.kind,
                pseudonym=shown[row.annotator_id],
                reason=row.skipped,
                comment=row.comment,
                at=row.answered_at,
            )
            for row in rows
        ],
        total=total,
        reasons={row[0]: row[1] for row in reasons} if what == "skipped" else {},
    )
