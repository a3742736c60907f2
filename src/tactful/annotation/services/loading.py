"""Items into the database: each once, with as many places as it wants annotators, in the order that all go by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, update

from tactful.annotation.services.project import Project, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, items, slots
from tactful.annotation.types import Item, Proposals
from tactful.types import seeded

_BATCH = 500
_LEAST_WEIGHT = 0.05
"""Of an item of which the model is quite sure, beside 1 where it is at a half: it may still come up."""


@dataclass(frozen=True)
class Loaded:
    """What came of loading."""

    read: int
    new: int
    known: int
    """Were in the database already, with whatever was answered to them."""
    pooled: int = 0
    """Of the known: came with a known answer now, but are in the pool, where they stay as they are."""


def load_items(store: Store, given: Iterable[Item]) -> Loaded:
    """Put items into the pool (those with `gold` among the watching ones); the settings say how many places each gets.

    Under `order = uncertainty` every item of the pool needs its `acceptance`. Raises: ValueError where one has none.
    """
    read = new = pooled = 0
    with store.read() as connection:
        project = project_of(connection)
    rest = iter(given)
    while batch := tuple(islice(rest, _BATCH)):
        read += len(batch)
        with store.write(alone=items.name) as connection:
            there = select(items.c.key, items.c.gold).where(items.c.key.in_([one.id for one in batch]))
            known = {row.key: row.gold for row in connection.execute(there)}  # watching ones among them
            new += _load(connection, [one for one in batch if one.id not in known], project)
            pooled += sum(not known.get(one.id, True) for one in batch if one.gold is not None)
    if new:
        arrange(store)
    return Loaded(read=read, new=new, known=read - new, pooled=pooled)


def _load(connection: Connection, batch: Sequence[Item], project: Project) -> int:
    fresh = list({one.id: one for one in batch}.values())
    if not fresh:
        return 0
    last = connection.execute(select(func.coalesce(func.max(items.c.number), -1))).scalar_one()
    rows, number = [], last + 1
    for one in fresh:
        in_pool = one.gold is None
        weight = _weight(one) if in_pool and project.order == "uncertainty" else None
        rows.append(
            {
                "key": one.id,
                "number": number if in_pool else -1,
                "kind": one.kind,
                "session": one.session,
                "setting": one.setting[:80],
                "source": one.source,
                "record": one.model_dump_json(),
                "parts": len(one.shown.candidates) if isinstance(one.shown, Proposals) else 0,
                "gold": not in_pool,
                "weight": weight,
                "priority": None if weight is None else weight / _draw(project, one.id),
            }
        )
        number += in_pool
    connection.execute(insert(items), rows)
    placed = connection.execute(
        select(items.c.id, items.c.number).where(
            items.c.key.in_([one.id for one in fresh]), items.c.number >= 0
        )
    ).all()
    places = [
        {"item_id": item, "number": number, "state": "open", "repeat": False}
        for item, number in placed
        for _ in range(project.overlap)
    ]
    if places:
        connection.execute(insert(slots), places)
    return len(fresh)


def _weight(item: Item) -> float:
    if item.acceptance is None:
        raise ValueError(
            f"item '{item.id}' has no acceptance, by which uncertainty orders; give --reward MODEL or --order random"
        )
    return max(_LEAST_WEIGHT, 1 - abs(2 * item.acceptance - 1))


def _draw(project: Project, key: str) -> float:
    """Uniform in (0, 1]: the same for this item whenever it is loaded."""
    return 1 - seeded(project.seed, "priority", key).random()


def arrange(store: Store) -> None:
    """Number what is not in order yet, and let everybody look through the pool from there.

    Under `random` new items come in shuffled order after those that were there; in a database that knew no common order, what
    has most answers comes first. Under `uncertainty` the whole pool is numbered anew.
    """
    with store.write(alone=items.name) as connection:
        project = project_of(connection)
        first = 0
        if project.order == "uncertainty":
            _renumber(connection)
        else:
            first = _shuffle(connection, project)
        connection.execute(update(annotators).where(annotators.c.cursor > first).values(cursor=first))


def _shuffle(connection: Connection, project: Project) -> int:
    """Number what has no priority yet by chance, in the numbers that it has; the first of them."""
    answered = select(func.count()).where(slots.c.item_id == items.c.id, slots.c.state == "answered")
    found = connection.execute(
        select(items.c.id, items.c.key, items.c.number, answered.scalar_subquery().label("answered"))
        .where(items.c.number >= 0, items.c.priority.is_(None))
        .order_by(items.c.number)
    ).all()
    if not found:
        return 2**31 - 1
    drawn = [(one.answered, _draw(project, one.key), one.id) for one in found]
    placed = [
        {"item": item, "place": one.number, "draw": draw}
        for one, (_, draw, item) in zip(found, sorted(drawn, reverse=True), strict=True)
    ]
    number: BindParameter[int] = bindparam("place")
    of_item = update(items).where(items.c.id == bindparam("item"))
    connection.execute(of_item.values(number=number, priority=bindparam("draw")), placed)
    places = update(slots).where(slots.c.item_id == bindparam("item"), slots.c.number >= 0)
    connection.execute(places.values(number=number), placed)
    return int(found[0].number)


def _renumber(connection: Connection) -> None:
    """Number the pool by priority, the largest first: a sample by priorities (Duffield, Lund and Thorup, J. ACM 54(6), 2007)."""
    order = (
        select(
            items.c.id, func.row_number().over(order_by=(items.c.priority.desc(), items.c.id)).label("place")
        )
        .where(items.c.number >= 0)
        .subquery()
    )
    place = select(order.c.place - 1).where(order.c.id == items.c.id).scalar_subquery()
    connection.execute(items.update().where(items.c.number >= 0).values(number=place))
    number = select(items.c.number).where(items.c.id == slots.c.item_id).scalar_subquery()
    connection.execute(slots.update().where(slots.c.number >= 0).values(number=number))
