"""A project begun or gone on with: its settings, the items that watch over annotators, and the pool."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select

from tactful.annotation.items.acceptance import with_acceptance
from tactful.annotation.items.making import WINDOW
from tactful.annotation.items.reading import Items, read_items
from tactful.annotation.services.loading import Loaded, arrange, load_items
from tactful.annotation.services.project import Project, keep_project, project_of
from tactful.annotation.store import Store
from tactful.annotation.store.tables import items, slots
from tactful.annotation.types import Item, Kind
from tactful.data.io import describe
from tactful.errors import UsageError, UserError
from tactful.reward.types import TrainedJudge


@dataclass(frozen=True)
class Given:
    """What a project is filled with."""

    data: Sequence[Path] = ()
    gold: Sequence[Path] = ()
    """Files of which the items with a known answer are taken."""
    kinds: Collection[Kind] | None = None
    window: int = WINDOW
    silent: bool = False
    limit: int | None = None
    """Of the items of `data`."""
    skip_bad: bool = False


@dataclass(frozen=True)
class Filled:
    """What came of it."""

    project: Project
    pool: int
    """Items in the database that are annotated."""
    watching: int
    """Items in it whose answer is known."""
    places: tuple[int, ...]
    """How many annotators items of the pool are for, the fewest first: as the overlap was when they were added."""
    data: Loaded | None = None
    """None: no file was given."""
    gold: Loaded | None = None
    readings: tuple[Items, ...] = ()
    """With what was left out, of gold and of data."""


def fill(
    store: Store, given: Given, settings: Mapping[str, Any], *, judge: TrainedJudge | None = None
) -> Filled:
    """Keep the settings that are named, load what is not yet there, and count what is.

    Gold comes first: an item that stands in both is a watching one. Raises: UsageError where order, model and what is in
    the database do not fit together, or there is nothing to annotate; what readers raise.
    """
    project = _settled(store, settings, judge)
    if not given.data and not given.gold and not any(_counts(store)):
        raise UsageError(f"{store.name} holds no items yet; give FILES with moments, pairs, states or chats")
    if judge is None and given.data and project.order == "uncertainty":
        raise UsageError(f"{store.name} is ordered by uncertainty; give --reward MODEL for what is added")
    kinds: Collection[Kind] | None = given.kinds
    if judge is not None:
        if kinds is not None and set(kinds) != {"proposals"}:
            raise UsageError("--order uncertainty ranks proposals alone; give --kind proposals and no other")
        kinds = frozenset({"proposals"})
    keep_project(store, project)
    if project.order == "random":  # a database of an earlier Tactful knows no order in common
        arrange(store)
    read = partial(read_items, kinds=kinds, window=given.window, silent=given.silent, skip_bad=given.skip_bad)
    gold = read(given.gold, gold=True) if given.gold else None
    data = read(given.data, limit=given.limit) if given.data else None
    gold_loaded = None if gold is None else load_items(store, gold)
    data_loaded = None if data is None else load_items(store, data if judge is None else _judged(data, judge))
    readings = tuple(one for one in (gold, data) if one is not None)
    return Filled(project, *_counts(store), _places(store), data_loaded, gold_loaded, readings)


def _settled(store: Store, settings: Mapping[str, Any], judge: TrainedJudge | None) -> Project:
    """The settings in the database with those that are named now."""
    with store.read() as connection:
        before = project_of(connection)
    try:
        project = Project.model_validate({**before.model_dump(), **settings})
    except ValidationError as error:
        raise UsageError(describe(error, "the project")) from error
    if project.order != before.order and _counts(store)[0]:
        raise UsageError(
            f"{store.name} was filled with --order {before.order}; leave --order out, or give another --database"
        )
    if judge is not None and project.order != "uncertainty":
        raise UsageError("--reward says what --order uncertainty goes by; give both or neither")
    return project


def _judged(found: Iterable[Item], judge: TrainedJudge) -> Iterator[Item]:
    for item in with_acceptance(found, judge):
        if item.acceptance is None:
            raise UserError(
                f"{item.source}: the model of --reward cannot judge the item '{item.id}'; train it on data with offers "
                "and silences, or give --order random"
            )
        yield item


def _counts(store: Store) -> tuple[int, int]:
    """(items of the pool, watching items) in the database."""
    with store.read() as connection:
        rows = connection.execute(select(items.c.gold, func.count()).group_by(items.c.gold)).all()
    found = {bool(gold): count for gold, count in rows}
    return found.get(False, 0), found.get(True, 0)


def _places(store: Store) -> tuple[int, ...]:
    """The numbers of annotators that items of the pool are for."""
    of_item = (
        select(func.count().label("places")).where(slots.c.number >= 0).group_by(slots.c.item_id).subquery()
    )
    with store.read() as connection:
        found = connection.execute(select(of_item.c.places).distinct().order_by(of_item.c.places))
        return tuple(found.scalars())
