"""How far is the work? By source and kind of the items, and by annotator."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import Connection, and_, case, func, select

from tactful.annotation.queries.people import pseudonyms
from tactful.annotation.store import Store
from tactful.annotation.store.tables import COUNTS, annotators, answers, items, slots

_WINDOW = timedelta(hours=24)
_LEAST = timedelta(minutes=10)
"""Of work seen, before its end is foretold."""
_PACE_OF = 50
"""Last answers of which an annotator's pace is the median."""


@dataclass(frozen=True)
class Part:
    """The places at the items of one source and kind; each item has as many as it wants annotators."""

    source: str
    kind: str
    items: int
    places: int
    answered: int
    leased: int
    skipped: int
    """Times that an annotator left one of the items to others."""
    ends_at: datetime | None
    """If it goes on as within the last 24 hours; None: done, or too little was seen of it."""

    @property
    def open(self) -> int:
        """Places that nobody has."""
        return self.places - self.answered - self.leased


@dataclass(frozen=True)
class Person:
    """What one annotator did."""

    id: str
    name: str
    pseudonym: str
    role: str
    disabled: bool
    answered: int
    """First answers that stand, gold items among them."""
    repeats: int
    skipped: int
    withdrawn: int
    leased: int
    seconds: float | None
    """Median over the last 50 answers; None: there are none."""
    last_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """The whole pool."""

    parts: tuple[Part, ...]
    people: tuple[Person, ...]
    """In the order in which they joined."""
    gold: int
    """Items whose answer is known."""
    answered_lately: int
    """Places of the pool answered within the last 24 hours."""
    ends_at: datetime | None

    @property
    def places(self) -> int:
        """In all parts."""
        return sum(part.places for part in self.parts)

    @property
    def answered(self) -> int:
        """In all parts."""
        return sum(part.answered for part in self.parts)


def progress(store: Store, *, now: datetime | None = None) -> Progress:
    """How far the pool and each annotator are."""
    at = now or datetime.now(UTC)
    with store.read() as connection:
        lately, since = _lately(connection, at)
        parts = tuple(_parts(connection, at, lately, since))
        left = sum(part.places - part.answered for part in parts)
        answered = sum(lately.values())
        gold = select(func.count()).select_from(items).where(items.c.number < 0)
        return Progress(
            parts=parts,
            people=tuple(_people(connection, at)),
            gold=connection.execute(gold).scalar_one(),
            answered_lately=answered,
            ends_at=_end(left, answered, since, at),
        )


def people(store: Store, *, now: datetime | None = None) -> tuple[Person, ...]:
    """What each annotator did."""
    with store.read() as connection:
        return tuple(_people(connection, now or datetime.now(UTC)))


_Key = tuple[str, str]


def _lately(connection: Connection, at: datetime) -> tuple[Mapping[_Key, int], datetime | None]:
    """(source, kind) → answers that filled a place within the last day; when the first of them came."""
    rows = connection.execute(
        select(items.c.source, items.c.kind, func.count().label("count"), func.min(answers.c.answered_at))
        .select_from(answers.join(items, items.c.id == answers.c.item_id))
        .where(answers.c.answered_at > at - _WINDOW, COUNTS, items.c.number >= 0)
        .group_by(items.c.source, items.c.kind)
    ).all()
    return {(row[0], row[1]): row[2] for row in rows}, min((row[3] for row in rows), default=None)


def _end(left: int, lately: int, since: datetime | None, at: datetime) -> datetime | None:
    """When `left` places are filled, if it goes on as since `since`."""
    if not left or not lately or since is None or at - since < _LEAST:
        return None
    days = left / lately * ((at - since) / timedelta(days=1))
    return at + timedelta(days=days) if days < 3650 else None


def _parts(
    connection: Connection, at: datetime, lately: Mapping[_Key, int], since: datetime | None
) -> Iterator[Part]:
    held = and_(slots.c.state == "leased", slots.c.leased_until > at)
    rows = connection.execute(
        select(
            items.c.source,
            items.c.kind,
            func.count(items.c.id.distinct()).label("items"),
            func.count().label("places"),
            func.sum(case((slots.c.state == "answered", 1), else_=0)).label("answered"),
            func.sum(case((held, 1), else_=0)).label("leased"),
        )
        .select_from(slots.join(items, items.c.id == slots.c.item_id))
        .where(slots.c.number >= 0)
        .group_by(items.c.source, items.c.kind)
        .order_by(items.c.source, items.c.kind)
    ).all()
    left_out = connection.execute(
        select(items.c.source, items.c.kind, func.count())
        .select_from(answers.join(items, items.c.id == answers.c.item_id))
        .where(answers.c.answer.is_(None), answers.c.withdrawn_at.is_(None), items.c.number >= 0)
        .group_by(items.c.source, items.c.kind)
    )
    skipped = {(row[0], row[1]): row[2] for row in left_out}
    for row in rows:
        key = (row.source, row.kind)
        yield Part(
            source=row.source,
            kind=row.kind,
            items=row.items,
            places=row.places,
            answered=int(row.answered),
            leased=int(row.leased),
            skipped=skipped.get(key, 0),
            ends_at=_end(row.places - int(row.answered), lately.get(key, 0), since, at),
        )


def _people(connection: Connection, at: datetime) -> Iterator[Person]:
    said, stands = answers.c.answer.is_not(None), answers.c.withdrawn_at.is_(None)
    counted = connection.execute(
        select(
            answers.c.annotator_id,
            func.sum(case((COUNTS, 1), else_=0)).label("answered"),
            func.sum(case((and_(said, stands, answers.c.repeat), 1), else_=0)).label("repeats"),
            func.sum(case((and_(~said, stands), 1), else_=0)).label("skipped"),
            func.sum(case((~stands, 1), else_=0)).label("withdrawn"),
            func.max(answers.c.answered_at).label("last_at"),
        ).group_by(answers.c.annotator_id)
    )
    did = {row.annotator_id: row._asdict() for row in counted}
    holding = connection.execute(
        select(slots.c.annotator_id).where(slots.c.state == "leased", slots.c.leased_until > at)
    ).scalars()
    leased = Counter(holding)
    paces = _paces(connection)
    shown = pseudonyms(connection)
    for row in connection.execute(select(annotators).order_by(annotators.c.created_at, annotators.c.id)):
        mine = did.get(row.id, {})
        yield Person(
            id=row.id,
            name=row.name,
            pseudonym=shown[row.id],
            role=row.role,
            disabled=row.disabled_at is not None,
            **{name: int(mine.get(name, 0)) for name in ("answered", "repeats", "skipped", "withdrawn")},
            leased=leased[row.id],
            seconds=paces.get(row.id),
            last_at=mine.get("last_at"),
        )


def _paces(connection: Connection) -> dict[str, float]:
    """Annotator → median seconds of their last answers."""
    place = func.row_number().over(
        partition_by=answers.c.annotator_id, order_by=(answers.c.answered_at.desc(), answers.c.id.desc())
    )
    last = (
        select(answers.c.annotator_id, answers.c.seconds, place.label("place"))
        .where(answers.c.answer.is_not(None), answers.c.withdrawn_at.is_(None))
        .where(answers.c.seconds > 0)  # 0: not known how long it took
        .subquery()
    )
    found: dict[str, list[float]] = defaultdict(list)
    for who, seconds in connection.execute(
        select(last.c.annotator_id, last.c.seconds).where(last.c.place <= _PACE_OF)
    ):
        found[who].append(seconds)
    return {who: median(taken) for who, taken in found.items()}
