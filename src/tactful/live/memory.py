"""What an advisor knows of conversations and users, and how it is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tactful.database import Store
from tactful.live.learning import Population, learned, learned_offer, pooled
from tactful.live.learning.patience import NO, YES
from tactful.live.learning.pooling import due
from tactful.live.lookup import Known, keys_before, look_up, spelt
from tactful.live.recognising import Place
from tactful.live.settings import LiveSettings
from tactful.live.storing.tables import advice as advice_table
from tactful.live.storing.tables import conversations, deliveries, meta, observations, offers
from tactful.live.storing.writer import Writer
from tactful.live.tasks import Followed
from tactful.live.tastes import (
    all_tastes,
    change_taste,
    insert_new,
    is_known,
    remove_user,
    reset_taste,
    taste_of,
)
from tactful.live.types import Advice, Observation, Taste
from tactful.mend.turns import Task
from tactful.types import Message

_REREAD_S = 2.0
"""How old what is shared by all (kill switch, population) may be."""
_UNSAFE_S = 0.1
"""How long a request waits for the one before it to be stored: without it, its conversation is not recognised."""
_OBSERVED_S = 4.0
"""How long whoever tells what came of a turn waits for it to be stored: hooks and servers do while somebody waits for them."""
_KILLED, _POPULATION, _ASSUMED = "killed", "population", "assumed"
_COLUMNS = ("id", "conversation", "user", "at", "choice", "treated")
_INSERT_ADVICE, _INSERT_CONVERSATION = insert(advice_table), insert(conversations)
_INSERT_OBSERVATION = insert(observations)
_GIVEN = (
    select(
        advice_table.c.user,
        advice_table.c.conversation,
        advice_table.c.record,
        observations.c.advice.label("seen"),
    )
    .outerjoin(observations, observations.c.advice == advice_table.c.id)
    .where(advice_table.c.id == bindparam("which"))
)
_UPDATE_CONVERSATION = update(conversations).where(conversations.c.id == bindparam("which"))


@dataclass(frozen=True)
class Observing:
    """What came of a turn, on its way into the database."""

    stored: Future[None]
    finish: Callable[[float], Observation | None]
    """Waits for it so many seconds. Raises: TimeoutError; it may be stored later."""


class Memory:
    """The database behind an advisor."""

    def __init__(self, store: Store, settings: LiveSettings) -> None:
        self.store = store
        self.writer = Writer(store)
        self._settings = settings
        self._shared: tuple[float, bool, Population] | None = None
        self._reactions = 0
        self._unsafe: dict[str, Future[None]] = {}
        """Keys and conversations of advice that is not committed yet."""

    def known(self, place: Place, conversation: str, user: str) -> Known:
        """What is known of this request's conversation and user; a new conversation where its prefix is new."""
        for name in (conversation, *keys_before(place)):
            if (stored := self._unsafe.get(name)) is not None:
                wait((stored,), timeout=_UNSAFE_S)
        with self.store.read() as connection:
            return look_up(connection, place, conversation, user)

    def given(self, conversation: str, key: str = "") -> Advice | None:
        """The latest advice in a conversation, on the request with this key where one is given; None: there is none."""
        found = select(advice_table.c.record).where(advice_table.c.conversation == conversation)
        if key:
            found = found.where(advice_table.c.key == key)
        with self.store.read() as connection:
            record = connection.execute(found.order_by(advice_table.c.at.desc()).limit(1)).scalar()
        return None if record is None else Advice.model_validate_json(record)

    def keep(self, found: Advice, place: Place, task: Task, messages: Sequence[Message]) -> Future[None]:
        """Store an advice and where its conversation stands."""
        texts = tuple(messages) if self._settings.keep_texts else ()

        def write(connection: Connection) -> None:  # whatever can be done here, no request waits for
            row = {name: getattr(found, name) for name in _COLUMNS}
            connection.execute(_INSERT_ADVICE, row | {"key": place.key, "record": found.model_dump_json()})
            stands = {"task": spelt(task), "at": found.at}
            if texts:
                stands["texts"] = orjson.dumps([one.model_dump() for one in texts]).decode()
            changed = connection.execute(_UPDATE_CONVERSATION, stands | {"which": found.conversation})
            if not changed.rowcount:
                first = {"id": found.conversation, "user": found.user, "begun_at": found.at}
                connection.execute(_INSERT_CONVERSATION, first | stands)

        names = (place.key, found.conversation)
        stored = self.writer.put(write)
        self._unsafe.update(dict.fromkeys(names, stored))
        stored.add_done_callback(lambda done: self._safe(names, done))
        return stored

    def _safe(self, names: Sequence[str], stored: Future[None]) -> None:
        for name in names:
            if self._unsafe.get(name) is stored:
                self._unsafe.pop(name, None)

    def observed(self, advice: str, found: Followed, how: Any, at: datetime) -> Observation | None:
        """Store what came of an advice, once, and what it teaches of the user.

        None: it is not known, was observed before, or waits for a database that takes nothing now.
        """
        try:
            return self.observing(advice, found, how, at).finish(_OBSERVED_S)
        except TimeoutError:
            return None

    def observing(self, advice: str, found: Followed, how: Any, at: datetime) -> Observing:
        """The same, begun: with many of them, one commit stores what waits."""
        made: list[Observation] = []
        population = self.population()

        def write(connection: Connection) -> None:
            made.clear()
            given = connection.execute(_GIVEN, {"which": advice}).first()
            if given is None or given.seen is not None:
                return
            one = Observation(
                advice=advice,
                at=at,
                conversation=given.conversation,
                user=given.user,
                asked=found.asked,
                outcome=found.outcome,
                complaint=found.complaint,
                how=how,
                subject=found.subject,
            )
            row = {name: getattr(one, name) for name in ("advice", "conversation", "user", "at", "outcome")}
            connection.execute(_INSERT_OBSERVATION, row | {"record": one.model_dump_json()})
            if given.user:
                teaches = partial(
                    learned,
                    outcome=found.outcome,
                    at=at,
                    population=population,
                    subject=found.subject,
                    need=orjson.loads(given.record)["need"],
                )
                change_taste(connection, given.user, at, teaches)
            made.append(one)

        def finish(wait_s: float) -> Observation | None:
            try:
                stored.result(timeout=wait_s)
            except IntegrityError:  # another process observed it in the same moment
                return None
            if made and made[0].user and found.outcome in NO | YES:
                self._reacted()
            return made[0] if made else None

        stored = self.writer.put(write)
        return Observing(stored, finish)

    def untold(self, found: Advice) -> None:
        """Correct an advice: the assistant was not told after all."""
        one = found.model_copy(update={"treated": False, "behaviour": ""})
        row = {"treated": False, "record": one.model_dump_json()}

        def write(connection: Connection) -> None:
            connection.execute(update(advice_table).where(advice_table.c.id == found.id).values(row))

        self.writer.put(write)

    def offered(self, user: str, kind: str, accepted: bool, at: datetime) -> None:
        """Learn what this user (a hash) did with an offer of this kind."""
        population = self.population()

        def write(connection: Connection) -> None:
            change_taste(
                connection, user, at, lambda taste: learned_offer(taste, kind, accepted, at, population)
            )

        self.writer.put(write).result(timeout=60)
        self._reacted()

    def _reacted(self) -> None:
        self._reactions += 1
        if due(self.population(), self._reactions):
            self.estimate_population()

    def taste(self, user: str) -> Taste | None:
        """What this user (a hash) has shown; None: nothing yet."""
        with self.store.read() as connection:
            return taste_of(connection, user)

    def knows(self, user: str) -> bool:
        """Whether any row is of this user (a hash)."""
        with self.store.read() as connection:
            return is_known(connection, user)

    def tastes(self) -> list[Taste]:
        """What everybody has shown."""
        with self.store.read() as connection:
            return list(all_tastes(connection))

    def take_over(self, assumed: Population, known: Iterable[Taste], at: datetime) -> int:
        """Begin with what a log taught: of users in general, and of those not known yet. How many users were new."""
        rows = [{"user": one.user, "record": one.model_dump_json(), "at": at} for one in known]
        new: list[int] = []

        def write(connection: Connection) -> None:
            new[:] = [sum(insert_new(connection, row) for row in rows)]

        self.writer.put(write).result(timeout=600)
        self._set(_ASSUMED, assumed.model_dump_json())
        self.estimate_population()
        return new[0]

    # ------------------------------------------------------------ shared by all

    def killed(self) -> bool:
        """Whether the kill switch is on: everybody is left as without an advisor."""
        return self._read_shared()[1]

    def population(self) -> Population:
        """What is believed of a user of whom nothing is known."""
        return self._read_shared()[2]

    def _read_shared(self) -> tuple[float, bool, Population]:
        now = time.monotonic()
        if self._shared is None or now - self._shared[0] > _REREAD_S:
            kept = self._meta(_KILLED, _POPULATION, _ASSUMED)
            self._shared = (now, _KILLED in kept, self._population(kept, _POPULATION, _ASSUMED))
        return self._shared

    def _meta(self, *names: str) -> dict[str, str]:
        with self.store.read() as connection:
            rows = connection.execute(select(meta.c.name, meta.c.value).where(meta.c.name.in_(names)))
            return {row.name: row.value for row in rows}

    def _population(self, kept: dict[str, str], *names: str) -> Population:
        """The first of these that is kept, else the settings' own; how fast users change is always the settings'."""
        own = self._settings.population
        held = next((kept[name] for name in names if name in kept), None)
        if held is None:
            return own
        fast = {"changes": own.changes, "half_life_days": own.half_life_days}
        return Population.model_validate_json(held).model_copy(update=fast)

    def kill(self, on: bool) -> None:
        """Turn the kill switch on or off, for every advisor on this database; they notice within two seconds."""
        self._set(_KILLED, "true" if on else None)

    def estimate_population(self) -> Population:
        """Estimate from everybody what a new user is like, and store it."""
        assumed = self._population(self._meta(_ASSUMED), _ASSUMED)
        with self.store.read() as connection:
            found = pooled(all_tastes(connection), assumed)
        self._set(_POPULATION, found.model_dump_json())
        self._reactions = 0
        return found

    def _set(self, name: str, value: str | None) -> None:
        def write(connection: Connection) -> None:
            connection.execute(delete(meta).where(meta.c.name == name))
            if value is not None:
                connection.execute(insert(meta).values(name=name, value=value))

        self.writer.put(write).result(timeout=60)
        self._shared = None

    # ------------------------------------------------------------ removing

    def forget(self, user: str) -> int:
        """Remove everything of a user (by hash), in every table, and from what is believed of new users. The number of rows."""
        counted: list[int] = []
        self.writer.put(lambda connection: counted.append(remove_user(connection, user))).result(timeout=60)
        if self.population().source == "users":
            self.estimate_population()
        return counted[-1]

    def reset(self, user: str) -> bool:
        """Let a user (by hash) begin anew, what was decided for them stays; whether anything was known of them."""
        known: list[bool] = []
        self.writer.put(lambda connection: known.append(reset_taste(connection, user))).result(timeout=60)
        return known[-1]

    def prune(self, now: datetime | None = None) -> Future[None]:
        """Remove what is older than the retention; tastes stay."""
        before = (now or datetime.now(UTC)) - timedelta(days=self._settings.retention_days)

        def write(connection: Connection) -> None:
            for table in (observations, advice_table, conversations, deliveries, offers):
                connection.execute(delete(table).where(table.c.at < before))

        return self.writer.put(write)

    def settle(self) -> None:
        """Wait until everything that was put is committed."""
        self.writer.put(lambda _: None).result(timeout=60)

    def close(self) -> None:
        """Commit what waits, and let go."""
        self.writer.close()
        self.store.close()
