"""Which item does this annotator get next? What they have open, a gold item, a repeat, or one of the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from tactful.annotation.services.claiming import claim_from_pool, leased, not_met
from tactful.annotation.services.project import Project, is_paused, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import COUNTS, answers, items, slots
from tactful.annotation.types import Item
from tactful.types import seeded

_REPEATABLE = 64
"""Answers of which one is drawn to be repeated."""
# What every claim takes is built once: building a statement takes longer than carrying it out.
_HELD = (
    select(slots.c.id, slots.c.leased_until, slots.c.repeat, items.c.record)
    .join(items, items.c.id == slots.c.item_id)
    .where(slots.c.annotator_id == bindparam("who"), slots.c.state == "leased")
)
_ANSWERED = select(func.count()).select_from(answers).where(answers.c.annotator_id == bindparam("who"))


@dataclass(frozen=True)
class Assigned:
    """An item that an annotator has before them."""

    slot: int
    item: Item
    order: tuple[int, ...]
    """Candidates or replies, by their place in the item, as they are to be shown."""
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
                return _nothing(connection, annotator)
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
    until = found.leased_until
    if until <= at:
        lease = leased(project, annotator, at)
        until = lease["leased_until"]
        mine = (slots.c.id == found.id, slots.c.annotator_id == annotator, slots.c.state == "leased")
        if not connection.execute(update(slots).where(*mine).values(lease)).rowcount:
            return None  # somebody else took it at this moment
    item = Item.model_validate_json(found.record)
    return Assigned(
        slot=found.id,
        item=item,
        order=shown_order(project, annotator, item, found.repeat),
        leased_until=until,
        repeat=found.repeat,
    )


def _claim(connection: Connection, annotator: str, project: Project, at: datetime) -> bool:
    """Take a gold item, a repeat or a place of the pool. False: nothing is free."""
    answered = connection.execute(_ANSWERED, {"who": annotator}).scalar_one()
    draw = seeded(project.seed, "turn", annotator, answered).random()
    again = draw >= project.gold_share
    if not again:
        found = _watching(connection, annotator)
    elif draw < project.gold_share + project.repeat_share:
        found = _repeatable(connection, annotator, project)
    else:
        found = ()
    if not found:
        return claim_from_pool(connection, annotator, project, at)
    item = seeded(project.seed, "picked", annotator, len(found), found[0]).choice(found)
    place = leased(project, annotator, at) | {"item_id": item, "number": -1, "repeat": again}
    connection.execute(insert(slots).values(place))  # made for this annotator, beside those of the pool
    return True


def _watching(connection: Connection, annotator: str) -> Sequence[int]:
    """The watching items that the annotator has not met."""
    met = select(slots.c.item_id).where(slots.c.annotator_id == annotator)
    unmet = select(items.c.id).where(items.c.gold, items.c.id.not_in(met)).order_by(items.c.id)
    return connection.execute(unmet).scalars().all()


def _repeatable(connection: Connection, annotator: str, project: Project) -> Sequence[int]:
    """The items that the annotator answered a while ago and has not been given again."""
    repeated = select(slots.c.item_id).where(slots.c.annotator_id == annotator, slots.c.repeat)
    said = (
        select(answers.c.item_id)
        .where(answers.c.annotator_id == annotator, COUNTS, answers.c.item_id.not_in(repeated))
        .order_by(answers.c.answered_at.desc(), answers.c.id.desc())
        .offset(project.repeat_after)
        .limit(_REPEATABLE)
    )
    return connection.execute(said).scalars().all()


def _nothing(connection: Connection, annotator: str) -> Nothing:
    until = connection.execute(
        select(func.min(slots.c.leased_until)).where(
            slots.c.state == "leased", slots.c.number >= 0, *not_met(annotator)
        )
    ).scalar()
    return Nothing("done") if until is None else Nothing("waiting", until)
