"""Everything that was annotated, out of the database: what agreement and export start from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from sqlalchemy import Connection, Row, func, select

from tactful.annotation.services.answering import ANSWER
from tactful.annotation.services.project import project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import adjudications, answers, items, slots
from tactful.annotation.types import Adjudication, Annotation, Item
from tactful.annotation.votes import Collected


def collected(store: Store) -> Collected:
    """The items that anybody answered, skipped or decided, every annotation as they came, the adjudications."""
    with store.read() as connection:
        probabilities = _probabilities(connection)
        judged = select(answers.c.item_id).union(select(adjudications.c.item_id))
        told = connection.execute(
            select(items.c.record).where(items.c.id.in_(judged)).order_by(items.c.id)
        ).scalars()
        found = {one.id: one for one in map(Item.model_validate_json, told)}
        return Collected(
            items=found,
            annotations=tuple(_annotations(connection, probabilities)),
            adjudications=_adjudications(connection),
            name=store.name,
        )


def _annotations(connection: Connection, probabilities: Mapping[int, float]) -> Iterator[Annotation]:
    columns = (items.c.key, items.c.kind, items.c.session, items.c.setting, items.c.gold)
    rows = connection.execute(
        select(answers, *columns).join(items, items.c.id == answers.c.item_id).order_by(answers.c.id)
    )
    for row in rows:
        yield Annotation(
            id=str(row.id),
            item=row.key,
            kind=row.kind,
            session=row.session,
            setting=row.setting,
            annotator=row.annotator_id,
            answer=None if row.answer is None else ANSWER.validate_json(row.answer),
            skipped=row.skipped,
            comment=row.comment,
            seconds=row.seconds,
            answered_at=row.answered_at,
            withdrawn_at=row.withdrawn_at,
            repeat=row.repeat,
            gold=row.gold,
            order=tuple(orjson.loads(row.shown_order)),
            probability=probabilities.get(row.item_id),
        )


def _adjudications(connection: Connection) -> dict[str, Adjudication]:
    rows = connection.execute(
        select(adjudications, items.c.key)
        .join(items, items.c.id == adjudications.c.item_id)
        .order_by(adjudications.c.id)
    )
    return {row.key: _adjudication(row) for row in rows}


def _adjudication(row: Row[Any]) -> Adjudication:
    return Adjudication(
        item=row.key, answer=ANSWER.validate_json(row.answer), by=row.annotator_id, at=row.at, note=row.note
    )


def _probabilities(connection: Connection) -> dict[int, float]:
    """Item → the probability with which it came to have all its annotations, where uncertainty ordered the pool.

    The items that as many annotators dealt with as they have places, before the first with fewer, are a sample by
    priorities: with τ the priority of that first one, an item of weight w was in it with probability min(1, w/τ), and
    weighting by the inverse is unbiased (Duffield, Lund and Thorup, J. ACM 54(6), 2007). Items beyond it, which someone
    happened to be given already, have none. Who skipped an item dealt with it: else one that nobody can answer would end
    the sample for good.
    """
    if project_of(connection).order != "uncertainty":
        return {}
    ranked = connection.execute(
        select(items.c.id, items.c.weight, items.c.priority)
        .where(items.c.number >= 0)
        .order_by(items.c.number)
    ).all()
    counted = connection.execute(
        select(answers.c.item_id, func.count(answers.c.annotator_id.distinct()).label("said"))
        .where(answers.c.withdrawn_at.is_(None), ~answers.c.repeat)
        .group_by(answers.c.item_id)
    )
    said = {row.item_id: row.said for row in counted}
    wanted = connection.execute(
        select(slots.c.item_id, func.count()).where(slots.c.number >= 0).group_by(slots.c.item_id)
    )
    places = {row[0]: row[1] for row in wanted}
    sampled: list[Any] = []
    for row in ranked:
        if said.get(row.id, 0) < places[row.id]:
            return {one.id: min(1.0, one.weight / row.priority) for one in sampled}
        sampled.append(row)
    return {one.id: 1.0 for one in sampled}
