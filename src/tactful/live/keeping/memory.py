"""What an advisor knows of conversations and users, and how it is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from tactful.database import Store
from tactful.errors import UserError
from tactful.live.following.recognising import Place
from tactful.live.following.tasks import Followed
from tactful.live.keeping.at_hand import AtHand
from tactful.live.keeping.at_once import AtOnce
from tactful.live.keeping.lookup import Known, keys_before, look_up
from tactful.live.keeping.shared import Shared
from tactful.live.keeping.tastes import (
    all_tastes,
    change_tastes,
    is_known,
    remove_user,
    reset_taste,
    taste_of,
)
from tactful.live.keeping.writing import DECISIONS, SEEN, Decision, Seen
from tactful.live.learning.patience import NO, YES, learned_offer
from tactful.live.settings import LiveSettings
from tactful.live.storing.tables import advice as advice_table
from tactful.live.storing.tables import conversations, deliveries, observations, offers
from tactful.live.storing.writer import Writer
from tactful.live.types import Advice, Observation, Taste
from tactful.mend.turns import Task
from tactful.types import Message

_OBSERVED_S = 4.0
"""How long whoever tells what came of a turn waits for it to be stored: hooks and servers do while somebody waits for them."""


@dataclass(frozen=True)
class Observing:
    """What came of a turn, on its way into the database."""

    stored: Future[None]
    finish: Callable[[float], Observation | None]
    """Waits for it so many seconds. Raises: TimeoutError; it may be stored later."""


class Memory:
    """The database behind an advisor, and what of it is in memory. `advises`: as `Shared`."""

    def __init__(self, store: Store, settings: LiveSettings, *, advises: bool = False) -> None:
        self.store = store
        self.writer = Writer(store)
        self.shared = Shared(store, self.writer, settings.population, advises=advises)
        self._settings = settings
        self._at_hand = AtHand()
        short = store.short()
        self._at_once = None if short is None else AtOnce(short)

    # ------------------------------------------------------------ what a request is met with

    def known_at_once(self, place: Place, conversation: str, user: str) -> Known | None:
        """What `known` says, where that takes microseconds; None: ask that, which may wait for the database."""
        here = self._here(place, conversation)
        if here is None or self._at_once is None:
            return None
        try:
            self.shared.refresh(self._at_once)
            taste = self._at_once.taste(user)
        except sqlite3.Error:
            return None
        return here if taste is None else replace(here, taste=taste)

    def killed_at_once(self) -> bool | None:
        """Whether the kill switch is on, where that takes microseconds; None: ask `shared`, which may wait for the database."""
        try:
            if self._at_once is not None:
                self.shared.refresh(self._at_once)
        except sqlite3.Error:
            return None
        return self.shared.killed_lately()

    def known(self, place: Place, conversation: str, user: str) -> Known:
        """What is known of this request's conversation and user; a new conversation where its prefix is new."""
        here = self._here(place, conversation)
        with self.store.read() as connection:
            if here is not None:
                return replace(here, taste=taste_of(connection, user))
            found = look_up(connection, place, conversation, user)
        own = self._at_hand.latest_known(place, conversation) if conversation else None
        if own is None or found.earlier_at > own.earlier_at:  # another process went on with it
            return found
        return replace(own, taste=found.taste)

    def _here(self, place: Place, conversation: str) -> Known | None:
        if not conversation and not keys_before(place):
            return Known(uuid4().hex, Task(), None)
        return self._at_hand.known(place, conversation)

    def given(self, conversation: str, key: str = "") -> Advice | None:
        """The latest advice in a conversation, on the request with this key where one is given; None: there is none."""
        if (here := self._at_hand.advice(conversation, key)) is not None:
            return here
        found = select(advice_table.c.record).where(advice_table.c.conversation == conversation)
        if key:
            found = found.where(advice_table.c.key == key)
        with self.store.read() as connection:
            record = connection.execute(found.order_by(advice_table.c.at.desc()).limit(1)).scalar()
        return None if record is None else Advice.model_validate_json(record)

    # ------------------------------------------------------------ what is kept

    def keep(
        self, found: Advice, place: Place, task: Task, messages: Sequence[Message], asked: int
    ) -> Future[None]:
        """Store an advice and where its conversation stands; `asked`: questions advised on other requests of it."""
        texts = tuple(messages) if self._settings.keep_texts else ()
        self._at_hand.keep(found, place.key, task, asked)
        return self.writer.put_one(DECISIONS, Decision(found, place.key, task, texts))

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
        seen = Seen(advice, found, how, at, self.shared.population())
        stored = self.writer.put_one(SEEN, seen)

        def finish(wait_s: float) -> Observation | None:
            try:
                stored.result(timeout=wait_s)
            except IntegrityError:  # another process observed it in the same moment
                return None
            self._at_hand.observed(advice)
            if seen.made and seen.made[0].user and found.outcome in NO | YES:
                self.shared.reacted()
            return seen.made[0] if seen.made else None

        return Observing(stored, finish)

    def untold(self, found: Advice) -> None:
        """Correct an advice: the assistant was not told after all."""
        row = {"treated": False, "record": found.untold().model_dump_json()}
        change = update(advice_table).where(advice_table.c.id == found.id).values(row)
        self.writer.put(lambda connection: connection.execute(change))

    def offered(self, user: str, kind: str, accepted: bool, at: datetime) -> None:
        """Learn what this user (a hash) did with an offer of this kind."""
        population = self.shared.population()
        change = partial(learned_offer, kind=kind, accepted=accepted, at=at, population=population)
        self.writer.committed(lambda connection: change_tastes(connection, {user: [change]}, at))
        self.shared.reacted()

    # ------------------------------------------------------------ users

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

    def forget(self, user: str) -> int:
        """Remove everything of a user (by hash), in every table, and from what is believed of new users. The number of rows.

        Raises: UserError where it is removed, and SQLite's log holds it still.
        """
        removed = self.writer.committed(lambda connection: remove_user(connection, user))
        self._at_hand.forget(user)
        if self.shared.population().source == "users":
            self.shared.estimate()
        if not self.store.empty_log():
            raise UserError(
                f"{self.store.name}: {user} is removed, but {self.store.name}-wal holds it still, since somebody reads "
                "the database; it is overwritten once every process that uses it has ended"
            )
        return removed

    def reset(self, user: str) -> bool:
        """Let a user (by hash) begin anew, what was decided for them stays; whether anything was known of them."""
        return self.writer.committed(lambda connection: reset_taste(connection, user))

    # ------------------------------------------------------------ the end of it

    def prune(self, now: datetime | None = None) -> Future[None]:
        """Remove what is older than the retention; tastes stay."""
        before = (now or datetime.now(UTC)) - timedelta(days=self._settings.retention_days)

        def write(connection: Connection) -> None:
            for table in (observations, advice_table, conversations, deliveries, offers):
                connection.execute(delete(table).where(table.c.at < before))

        return self.writer.put(write)

    def settle(self) -> None:
        """Wait until everything that was put is committed."""
        self.writer.committed(lambda _: None)

    def close(self) -> None:
        """Commit what waits, and let go."""
        self.writer.close()
        if self._at_once is not None:
            self._at_once.close()
        self.store.close()
