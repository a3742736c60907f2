"""What was offered, withheld, delivered and answered, in the database. The database is the truth: nothing is remembered beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import Connection, Select, case, delete, func, insert, select, update

from tactful.data.formats.moments import parse_event
from tactful.database import Store
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.types import Offer, Reaction, Standing
from tactful.live.storing.tables import deliveries, offers, pauses
from tactful.live.storing.writer import Writer
from tactful.types import Event, ProposalHistory, Record

_LATELY = timedelta(hours=24)
_IN_A_ROW = 50
_CHANGES = ("kind", "at", "last_at", "times", "made", "check", "waiting", "reaction", "reacted_at", "text")
"""Columns that say more than the record as it was decided."""


class OfferFilter(Record):
    """Which decisions are wanted; what is empty or None does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    user: str = ""
    """A hash."""
    kind: str = ""
    made: str = ""
    check: str = ""
    waiting: bool = False
    """Only those that wait for the digest."""


class Ledger:
    """Reads at once; writes through `writer`, whose futures say when they are safe."""

    def __init__(self, store: Store, writer: Writer, *, keep_texts: bool = False) -> None:
        self._store, self._writer, self._keep_texts = store, writer, keep_texts

    # ------------------------------------------------------------ before an offer

    def standing(self, user: str, at: datetime, policy: DeliveryPolicy) -> Standing:
        """What counts for the next offer to this user at `at`; kill switch and being busy others know.

        In shadow, what would have gone out counts as if it had.
        """
        mine = offers.c.user == user
        went = offers.c.made == "offered"
        out = mine & (went | (offers.c.check == "shadow") if policy.mode == "shadow" else went)
        with self._store.read() as connection:
            shown = connection.execute(
                select(offers.c.at).where(out, offers.c.at > at - _LATELY).order_by(offers.c.at)
            )
            repeats = connection.execute(
                select(offers.c.key, offers.c.at)
                .where(out, offers.c.at > at - timedelta(hours=policy.repeat_hours))
                .order_by(offers.c.at)
            )
            waiting = connection.execute(select(offers.c.key, offers.c.at).where(mine, offers.c.waiting))
            reacted = connection.execute(
                select(offers.c.reaction, offers.c.reacted_at)
                .where(mine, offers.c.reaction != "")
                .order_by(offers.c.reacted_at.desc())
                .limit(_IN_A_ROW)
            ).all()
            streak = next((at for at, row in enumerate(reacted) if row.reaction == "accepted"), len(reacted))
            return Standing(
                shown=tuple(row.at for row in shown),
                first_at=connection.execute(select(func.min(offers.c.at)).where(out)).scalar(),
                repeats={row.key: row.at for row in repeats},
                waiting={row.key: row.at for row in waiting},
                dismissed=streak,
                dismissed_at=reacted[0].reacted_at if streak else None,
                quiet_until=_pauses(connection, user),
            )

    def history(self, user: str, at: datetime) -> ProposalHistory:
        """What this user did with what went out before `at`, as judges of moments see it."""
        out = (offers.c.user == user) & (offers.c.made == "offered") & (offers.c.at < at)
        taken = func.count(case((offers.c.reaction == "accepted", 1)))
        with self._store.read() as connection:
            shown, last, accepted = connection.execute(
                select(func.count(), func.max(offers.c.at), taken).where(out)
            ).one()
        since = None if last is None else max(0.0, (at - last).total_seconds())
        return ProposalHistory(shown=shown, accepted=accepted, since_last_s=since)

    # ------------------------------------------------------------ decisions

    def keep(self, found: Offer, events: Sequence[Event] = (), *, key: str = "") -> Future[None]:
        """Store a decision; what was seen only where texts are kept, the offer's own text only as long as it is needed."""
        over = found.made == "withheld" and not found.waiting
        row = {name: getattr(found, name) for name in (*_CHANGES, "id", "user")}
        row |= {"key": key, "text": "" if over and not self._keep_texts else found.text}
        row["record"] = found.model_copy(update={"text": ""}).model_dump_json()
        if self._keep_texts and found.made != "nothing":
            row["events"] = orjson.dumps([{"time": one.time, "event": one.text} for one in events]).decode()
        return self._writer.put(lambda connection: connection.execute(insert(offers).values(row)))

    def again(self, id: str, at: datetime) -> Future[None]:
        """The same was decided once more."""
        more = update(offers).where(offers.c.id == id).values(times=offers.c.times + 1, last_at=at)
        return self._writer.put(lambda connection: connection.execute(more))

    # ------------------------------------------------------------ deliveries

    def sent(
        self, found: Sequence[Offer], channel: str, at: datetime, *, tries: int, error: str, digest: bool
    ) -> Future[None]:
        """Store that these were sent, or could not be."""
        rows = [
            {
                "id": uuid4().hex, "offer": one.id, "user": one.user, "at": at, "channel": channel,
                "digest": digest, "tries": tries, "error": error[:200],
            }
            for one in found
        ]  # fmt: skip
        return self._writer.put(lambda connection: connection.execute(insert(deliveries), rows))

    def undelivered(self, id: str) -> Future[None]:
        """An offer that reached nobody waits for the digest."""
        change = update(offers).where(offers.c.id == id, offers.c.reaction == "")
        values = {"check": "undelivered", "waiting": True}
        return self._writer.put(lambda connection: connection.execute(change.values(values)))

    def over(self, ids: Sequence[str]) -> Future[None]:
        """These were told, or are wanted no more: they wait no longer, and need no texts. They do not count as seen."""
        change = update(offers).where(offers.c.id.in_(ids)).values(self._over())
        return self._writer.put(lambda connection: connection.execute(change))

    def _over(self) -> dict[str, Any]:
        return {"waiting": False} | ({} if self._keep_texts else {"text": ""})

    def left_behind(self, before: datetime, since: datetime) -> Future[None]:
        """What a process that ended was sending, between these times, waits for the digest: nobody knows whether it arrived."""
        told = select(deliveries.c.offer).where(deliveries.c.offer == offers.c.id).exists()
        change = (
            update(offers)
            .where(offers.c.made == "offered", offers.c.check == "", offers.c.reaction == "", ~told)
            .where(offers.c.at < before, offers.c.at >= since)
            .values(check="undelivered", waiting=True)
        )
        return self._writer.put(lambda connection: connection.execute(change))

    def waiting(self) -> list[Offer]:
        """What waits for a digest, the oldest first."""
        wanted = select(offers).where(offers.c.waiting).order_by(offers.c.at)
        with self._store.read() as connection:
            return [_offer(row) for row in connection.execute(wanted)]

    def find(self, id: str) -> Offer | None:
        """The decision with this id."""
        with self._store.read() as connection:
            row = connection.execute(select(offers).where(offers.c.id == id)).first()
        return None if row is None else _offer(row)

    # ------------------------------------------------------------ what people do

    def react(self, id: str, reaction: Reaction, at: datetime) -> Offer | None:
        """Store the first reaction to an offer and give the offer; None: it is unknown or had one."""
        answer = {"reaction": reaction, "reacted_at": at}

        def write(connection: Connection) -> Offer | None:
            row = connection.execute(select(offers).where(offers.c.id == id)).first()
            if row is None or row.made == "nothing":
                return None
            first = update(offers).where(offers.c.id == id, offers.c.reaction == "")
            changed = connection.execute(first.values(answer | self._over())).rowcount
            return _offer(row).model_copy(update=answer) if changed else None

        return self._writer.committed(write)

    def pause(self, user: str, kind: str, until: datetime | None) -> None:
        """Offers of this kind, or all (empty), not before `until`; None: until it is taken back, and what waits is over."""
        waits = update(offers).where(offers.c.user == user, offers.c.kind == kind, offers.c.waiting)

        def write(connection: Connection) -> None:
            _unpause(connection, user, kind)
            connection.execute(insert(pauses).values(user=user, kind=kind, until=until))
            if until is None:
                connection.execute(waits.values(self._over()))

        self._writer.committed(write)

    def unpause(self, user: str, kind: str) -> bool:
        """Take a pause back; whether there was one."""
        return bool(self._writer.committed(lambda connection: _unpause(connection, user, kind)))

    def pauses(self, user: str) -> dict[str, datetime | None]:
        """Kind (empty: all) → until when this user wants none; None: until it is taken back."""
        with self._store.read() as connection:
            return _pauses(connection, user)

    # ------------------------------------------------------------ looking back

    def search(self, wanted: OfferFilter, limit: int | None = None) -> Iterator[Offer]:
        """As `found_offers`."""
        return found_offers(self._store, wanted, limit)


def found_offers(store: Store, wanted: OfferFilter, limit: int | None = None) -> Iterator[Offer]:
    """The decisions that fit, the latest first; streamed."""
    with store.read() as connection:
        rows = connection.execution_options(yield_per=500).execute(_wanted(wanted).limit(limit))
        yield from map(_offer, rows)


def seen_with(store: Store) -> Iterator[tuple[Offer, tuple[Event, ...]]]:
    """Every offer that somebody answered, with what was seen then, where texts are kept; the oldest first."""
    wanted = select(offers).where(offers.c.reaction != "", offers.c.events.is_not(None)).order_by(offers.c.at)
    with store.read() as connection:
        for row in connection.execution_options(yield_per=500).execute(wanted):
            yield _offer(row), tuple(parse_event(one, "a kept event") for one in orjson.loads(row.events))


def _wanted(wanted: OfferFilter) -> Select[Any]:
    found = select(offers).order_by(offers.c.at.desc(), offers.c.id)
    last = func.coalesce(offers.c.last_at, offers.c.at)
    if wanted.since:
        found = found.where(last >= wanted.since)
    if wanted.until:
        found = found.where(offers.c.at < wanted.until)
    if wanted.waiting:
        found = found.where(offers.c.waiting)
    for name in ("user", "kind", "made", "check"):
        if value := getattr(wanted, name):
            found = found.where(offers.c[name] == value)
    return found


def _offer(row: Any) -> Offer:
    now = {name: getattr(row, name) for name in _CHANGES}
    return Offer.model_validate_json(row.record).model_copy(update=now)


def _pauses(connection: Connection, user: str) -> dict[str, datetime | None]:
    rows = connection.execute(select(pauses.c.kind, pauses.c.until).where(pauses.c.user == user))
    return {row.kind: row.until for row in rows}


def _unpause(connection: Connection, user: str, kind: str) -> int:
    mine = delete(pauses).where(pauses.c.user == user, pauses.c.kind == kind)
    return connection.execute(mine).rowcount
