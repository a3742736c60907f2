"""Which item does this annotator get next? One statement claims it, so that no two are ever given the same place.

Each annotator goes through the pool in an order of their own: an affine permutation of its numbers, seeded by the project
and the annotator, looked at a piece at a time, so that a claim costs the same in a pool of a hundred thousand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    String,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from tactful.annotation.services.project import Project, is_paused, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, answers, items, slots
from tactful.annotation.types import Item
from tactful.database import Utc
from tactful.types import seeded

_PIECE = 64
"""Numbers of the pool that one statement looks at; under `uncertainty` also the span within which an annotator's own
order departs from the common one."""
# What every claim takes is built once: building a statement takes longer than carrying it out.
_HELD = (
    select(slots.c.id, slots.c.leased_at, slots.c.leased_until, slots.c.repeat, items.c.record)
    .join(items, items.c.id == slots.c.item_id)
    .where(slots.c.annotator_id == bindparam("who"), slots.c.state == "leased")
)
_ANSWERED = select(func.count()).select_from(answers).where(answers.c.annotator_id == bindparam("who"))
_SIZE = select(func.max(items.c.number))
_CURSOR = select(annotators.c.cursor).where(annotators.c.id == bindparam("who"))
_PIECES = 6
"""Looked at for one claim before any open place is taken, whatever its number."""


@dataclass(frozen=True)
class Assigned:
    """An item that an annotator has before them."""

    slot: int
    item: Item
    order: tuple[int, ...]
    """Candidates or replies, by their place in the item, as they are to be shown."""
    leased_at: datetime
    leased_until: datetime
    repeat: bool = False


@dataclass(frozen=True)
class Nothing:
    """There is no item for this annotator now."""

    why: str
    """`paused`, `done`, or `waiting`: what is left lies with others, whose leases may run out."""
    until: datetime | None = None
    """Of `waiting`: when the first of them does."""


def assign(store: Store, annotator: str, *, now: datetime | None = None) -> Assigned | Nothing:
    """The item that the annotator has open, else a new one; whoever comes back, on any browser, finds theirs again."""
    at = now or datetime.now(UTC)
    for _ in range(3):
        try:
            with store.write(lasting=False) as connection:  # a claim that is lost is claimed again
                project = project_of(connection)
                held = _held(connection, annotator, project, at)
                if held is not None:
                    return held
                if is_paused(connection):
                    return Nothing("paused")
                if _claim(connection, annotator, project, at):
                    taken = _held(connection, annotator, project, at)
                    assert taken is not None
                    return taken
                return _nothing(connection, annotator, at)
        except IntegrityError:  # the same annotator claimed in another window at this moment
            continue
    return Nothing("waiting", at + timedelta(seconds=1))


def shown_order(project: Project, annotator: str, item: Item, repeat: bool) -> tuple[int, ...]:
    """The order in which this annotator sees candidates or replies: another for each, and for a repeat."""
    shown = item.shown
    count = len(shown.candidates) if shown.kind == "proposals" else 2 if shown.kind == "replies" else 0
    places = list(range(count))
    seeded(project.seed, "order", annotator, item.id, repeat).shuffle(places)
    return tuple(places)


# ---------------------------------------------------------------- claims


def _held(connection: Connection, annotator: str, project: Project, at: datetime) -> Assigned | None:
    """What the annotator has open; its lease begins anew where it had run out and nobody took it."""
    found = connection.execute(_HELD, {"who": annotator}).first()
    if found is None:
        return None
    leased_at, until = found.leased_at, found.leased_until
    if until <= at:
        leased_at, until = at, at + timedelta(minutes=project.lease_minutes)
        connection.execute(
            update(slots).where(slots.c.id == found.id).values(leased_at=leased_at, leased_until=until)
        )
    item = Item.model_validate_json(found.record)
    return Assigned(
        slot=found.id,
        item=item,
        order=shown_order(project, annotator, item, found.repeat),
        leased_at=leased_at,
        leased_until=until,
        repeat=found.repeat,
    )


def _claim(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    """Take a gold item, a repeat or a place of the pool. False: nothing is free."""
    answered = connection.execute(_ANSWERED, {"who": annotator}).scalar_one()
    draw = seeded(project.seed, "turn", annotator, answered).random()
    if draw < project.gold_share and _claim_gold(connection, annotator, project, at):
        return True
    in_turn = project.gold_share <= draw < project.gold_share + project.repeat_share
    if in_turn and _claim_repeat(connection, annotator, project, at):
        return True
    return _claim_from_pool(connection, annotator, project, at)


def _claim_from_pool(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    size = connection.execute(_SIZE).scalar()
    if size is None or size < 0:
        return False
    size += 1
    cursor = connection.execute(_CURSOR, {"who": annotator}).scalar_one()
    if cursor >= size:
        cursor = 0
    start = cursor
    for _ in range(_PIECES):
        if cursor >= size:
            break
        if _take(connection, annotator, project, at, _stretch(project, annotator, size, cursor)):
            _keep_cursor(connection, annotator, start, cursor)
            return True
        cursor += _PIECE
    _keep_cursor(connection, annotator, start, cursor)
    return _take(connection, annotator, project, at, None)


def _keep_cursor(connection: Connection, annotator: str, start: int, cursor: int) -> None:
    if cursor != start:
        connection.execute(update(annotators).where(annotators.c.id == annotator).values(cursor=cursor))


@dataclass(frozen=True)
class _Stretch:
    """The next numbers of the pool in an annotator's own order, and the permutation backwards: the turn of number n is
    (n + offset) · factor mod span."""

    numbers: Sequence[int]
    offset: int
    factor: int
    span: int


def _stretch(project: Project, annotator: str, size: int, start: int) -> _Stretch:
    if project.order == "random":
        base, span, places = 0, size, range(start, min(start + _PIECE, size))
    else:
        base = start - start % _PIECE
        span = min(_PIECE, size - base)
        places = range(span)
    rng = seeded(project.seed, "permutation", annotator, base)
    factor = 1
    if span > 1:
        factor = next(one for one in iter(lambda: rng.randrange(1, span), 0) if math.gcd(one, span) == 1)
    shift = rng.randrange(span)
    numbers = [base + (factor * place + shift) % span for place in places]
    return _Stretch(numbers, span - shift - base, pow(factor, -1, span), span)


def _take(
    connection: Connection, annotator: str, project: Project, at: datetime, stretch: _Stretch | None
) -> bool:
    """Claim one free place in one statement: two who ask at once never get the same."""
    values: dict[str, Any] = {
        "who": annotator,
        "now": at,
        "until": at + timedelta(minutes=project.lease_minutes),
    }
    if stretch is not None:
        values |= asdict(stretch)
    return connection.execute(_taking(stretch is not None), values).first() is not None


@cache
def _taking(in_stretch: bool) -> ReturningUpdate[tuple[int]]:
    """The statement, which is built once: it is the largest of those that an answer takes."""
    who, now = bindparam("who", type_=String()), bindparam("now", type_=Utc())
    mine, said = slots.alias(), answers.alias()
    free = and_(
        _is_free(now),
        ~select(mine.c.id).where(mine.c.item_id == slots.c.item_id, mine.c.annotator_id == who).exists(),
        ~select(said.c.id)
        .where(said.c.item_id == slots.c.item_id, said.c.annotator_id == who, said.c.withdrawn_at.is_(None))
        .exists(),
    )
    found = select(slots.c.id).where(free)
    if in_stretch:
        offset, factor, span = (bindparam(name, type_=BigInteger()) for name in ("offset", "factor", "span"))
        turn = (cast(slots.c.number, BigInteger) + offset) * factor % span
        found = found.where(slots.c.number.in_(bindparam("numbers", expanding=True))).order_by(turn)
    else:
        found = found.where(slots.c.number >= 0).order_by(slots.c.number)
    one = found.limit(1).with_for_update(skip_locked=True, of=slots)
    return (
        update(slots)
        .where(slots.c.id == one.scalar_subquery(), _is_free(now))
        .values(
            state="leased",
            annotator_id=who,
            leased_at=now,
            leased_until=bindparam("until", type_=Utc()),
        )
        .returning(slots.c.id)
    )


def _is_free(now: BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(
        slots.c.state == "open",
        and_(slots.c.state == "leased", slots.c.leased_until <= now, slots.c.number >= 0),
    )


def _claim_gold(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    """A watching item that the annotator has not met."""
    met = select(slots.c.item_id).where(slots.c.annotator_id == annotator)
    unmet = (
        connection.execute(
            select(items.c.id).where(items.c.gold, items.c.id.not_in(met)).order_by(items.c.id)
        )
        .scalars()
        .all()
    )
    return bool(unmet) and _own_slot(
        connection, annotator, project, at, _picked(unmet, annotator, project), False
    )


def _claim_repeat(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    """An item that the annotator answered a while ago and has not been given again."""
    repeated = select(slots.c.item_id).where(slots.c.annotator_id == annotator, slots.c.repeat)
    said = (
        connection.execute(
            select(answers.c.item_id)
            .where(
                answers.c.annotator_id == annotator,
                answers.c.answer.is_not(None),
                answers.c.withdrawn_at.is_(None),
                ~answers.c.repeat,
                answers.c.item_id.not_in(repeated),
            )
            .order_by(answers.c.answered_at.desc(), answers.c.id.desc())
            .offset(project.repeat_after)
            .limit(_PIECE)
        )
        .scalars()
        .all()
    )
    return bool(said) and _own_slot(
        connection, annotator, project, at, _picked(said, annotator, project), True
    )


def _picked(found: Sequence[int], annotator: str, project: Project) -> int:
    return seeded(project.seed, "picked", annotator, len(found), found[0]).choice(found)


def _own_slot(
    connection: Connection, annotator: str, project: Project, at: datetime, item: int, repeat: bool
) -> bool:
    """A place made for this annotator, beside those of the pool."""
    connection.execute(
        insert(slots).values(
            item_id=item,
            number=-1,
            state="leased",
            annotator_id=annotator,
            repeat=repeat,
            leased_at=at,
            leased_until=at + timedelta(minutes=project.lease_minutes),
        )
    )
    return True


def _nothing(connection: Connection, annotator: str, at: datetime) -> Nothing:
    mine, said = slots.alias(), answers.alias()
    until = connection.execute(
        select(func.min(slots.c.leased_until)).where(
            slots.c.state == "leased",
            slots.c.number >= 0,
            ~select(literal(1))
            .where(mine.c.item_id == slots.c.item_id, mine.c.annotator_id == annotator)
            .exists(),
            ~select(literal(1))
            .where(
                said.c.item_id == slots.c.item_id,
                said.c.annotator_id == annotator,
                said.c.withdrawn_at.is_(None),
            )
            .exists(),
        )
    ).scalar()
    return Nothing("done") if until is None else Nothing("waiting", until)
