"""Claims a place of the pool for an annotator: in one statement, so that no two are ever given the same.

All go through the pool by its numbers, which loading shuffles, block by block: what stands first is judged by everybody, and
has all its votes first. Within a block each annotator has an order of their own, seeded by the project and the annotator. A
claim looks at a piece of the pool, so that it costs the same in a pool of a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from tactful.annotation.services.project import Project
from tactful.annotation.store.tables import annotators, answers, items, slots
from tactful.database import Utc
from tactful.types import seeded

_BLOCK = 16
"""Numbers of the pool within which an annotator's own order departs from the common one: few, so that items are full early,
and enough that nobody meets them in the order of another."""
_PIECE = 4 * _BLOCK
"""Numbers that one statement looks at."""
_PRIME = 2**31 - 1
_DRAWN = ("square", "factor", "shift")
"""For each annotator and piece: they make the order within its blocks."""
FREE = ("open", "returned")
"""States of a place that nobody has. What was given and came back goes out again before what nobody has seen: else an item
would lack one vote until the end."""
_SIZE = select(func.max(items.c.number))
_CURSOR = select(annotators.c.cursor).where(annotators.c.id == bindparam("who"))
_PIECES = 6
"""Looked at for one claim before any open place is taken, whatever its number."""


def claim_from_pool(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    """Take the place that comes next for this annotator. False: none is free."""
    size = connection.execute(_SIZE).scalar()
    if size is None or size < 0:
        return False
    kept = connection.execute(_CURSOR, {"who": annotator}).scalar_one()
    first = kept - kept % _PIECE if kept <= size else 0
    cursor = first
    while cursor <= size and cursor < first + _PIECES * _PIECE:
        if _take(connection, annotator, project, at, cursor):
            _keep_cursor(connection, annotator, kept, cursor)
            return True
        cursor += _PIECE
    _keep_cursor(connection, annotator, kept, cursor)
    return _take(connection, annotator, project, at, None)


def leased(project: Project, annotator: str, at: datetime) -> dict[str, Any]:
    """The columns of a place that the annotator has from now on."""
    until = at + timedelta(minutes=project.lease_minutes)
    return {"state": "leased", "annotator_id": annotator, "leased_at": at, "leased_until": until}


def take_at(
    connection: Connection, item: int, own: Select[tuple[int]], lease: Mapping[str, Any]
) -> int | None:
    """Lease the annotator's `own` place at this item, else a free one; None: there is neither."""
    free = (
        select(slots.c.id)
        .where(slots.c.item_id == item, slots.c.state.in_(FREE))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    for wanted in (own, free):
        taken: int | None = connection.execute(
            update(slots).where(slots.c.id == wanted.scalar_subquery()).values(lease).returning(slots.c.id)
        ).scalar()
        if taken is not None:
            return taken
    return None


def not_met(annotator: str | BindParameter[str]) -> tuple[ColumnElement[bool], ...]:
    """Of a place: the annotator has none at its item, and nothing that they said of it stands."""
    mine, said = slots.alias(), answers.alias()
    has = select(mine.c.id).where(mine.c.item_id == slots.c.item_id, mine.c.annotator_id == annotator)
    spoke = select(said.c.id).where(
        said.c.item_id == slots.c.item_id, said.c.annotator_id == annotator, said.c.withdrawn_at.is_(None)
    )
    return ~has.exists(), ~spoke.exists()


def _keep_cursor(connection: Connection, annotator: str, before: int, cursor: int) -> None:
    if cursor != before:
        connection.execute(update(annotators).where(annotators.c.id == annotator).values(cursor=cursor))


def _take(connection: Connection, annotator: str, project: Project, at: datetime, piece: int | None) -> bool:
    """Claim one free place in one statement, in the piece of the pool that begins there or anywhere: two who ask at once
    never get the same."""
    values: dict[str, Any] = {
        "who": annotator,
        "now": at,
        "until": at + timedelta(minutes=project.lease_minutes),
    }
    if piece is not None:
        rng = seeded(project.seed, "permutation", annotator, piece)
        values |= {"first": piece, "last": piece + _PIECE - 1}
        values |= {name: rng.randrange(1, _PRIME) for name in _DRAWN}
    return connection.execute(_taking(piece is not None), values).first() is not None


@cache
def _taking(in_piece: bool) -> ReturningUpdate[tuple[int]]:
    """The statement, which is built once: it is the largest of those that an answer takes."""
    who, now = bindparam("who", type_=String()), bindparam("now", type_=Utc())
    new = slots.c.state == "open"
    if in_piece:
        new &= slots.c.number.between(bindparam("first"), bindparam("last"))
        square, factor, shift = (bindparam(name, type_=BigInteger()) for name in _DRAWN)
        place = cast(slots.c.number % _PIECE, BigInteger)
        turn = (place * (place * square + factor) + shift) % _PRIME  # as good as a shuffle, which SQL has not
        order: tuple[ColumnElement[Any], ...] = (slots.c.state == "open", slots.c.number // _BLOCK, turn)
    else:  # what came back was looked for before
        order = (slots.c.number,)
    one = (
        select(slots.c.id)
        .where(or_(new, _came_back(now)) if in_piece else new, *not_met(who))
        .order_by(*order)
        .limit(1)
        .with_for_update(skip_locked=True, of=slots)
    )
    return (
        update(slots)
        .where(slots.c.id == one.scalar_subquery(), or_(slots.c.state == "open", _came_back(now)))
        .values(
            state="leased",
            annotator_id=who,
            leased_at=now,
            leased_until=bindparam("until", type_=Utc()),
        )
        .returning(slots.c.id)
    )


def _came_back(now: BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(
        slots.c.state == "returned",
        and_(slots.c.state == "leased", slots.c.leased_until <= now, slots.c.number >= 0),
    )
