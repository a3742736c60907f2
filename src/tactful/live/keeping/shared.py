"""What all advisors on one database share: the kill switch, and what is believed of new users. Read again every two seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from tactful.database import Store
from tactful.live.keeping.at_once import AtOnce
from tactful.live.keeping.tastes import all_tastes, insert_new
from tactful.live.learning.patience import Population
from tactful.live.learning.pooling import due, pooled
from tactful.live.storing.tables import meta
from tactful.live.storing.writer import Writer
from tactful.live.types import Taste

_REREAD_S = 2.0
_KILLED, _POPULATION, _ASSUMED, _ADVISORS = "killed", "population", "assumed", "advisors"
_NAMES = (_KILLED, _POPULATION, _ASSUMED, _ADVISORS)


class Shared:
    """The kill switch and the population.

    `own`: what is believed of users where the database tells nothing. `advises`: that is an advisor's, by its policy. Whoever
    is none starts from what the latest advisor believed, and not from settings of its own.
    """

    def __init__(self, store: Store, writer: Writer, own: Population, *, advises: bool) -> None:
        self._store = store
        self._writer = writer
        self._own = own
        self._untold = advises
        """Others do not know yet what this advisor believes."""
        self._assumed = (_ASSUMED,) if advises else (_ASSUMED, _ADVISORS)
        self._read: tuple[float, bool, Population] | None = None
        self._reactions = 0

    def killed(self) -> bool:
        """Whether the kill switch is on: everybody is left as without an advisor."""
        return self._now()[1]

    def killed_lately(self) -> bool | None:
        """The same as it was last read; None: it is time to read it again."""
        read = self._read
        return None if read is None or self._is_old() else read[1]

    def population(self) -> Population:
        """What is believed of a user of whom nothing is known."""
        return self._now()[2]

    def refresh(self, at_once: AtOnce) -> None:
        """Read it again where it is time to. Raises: as `AtOnce`."""
        if self._is_old():
            self._set_read(at_once.meta(_NAMES))

    def _now(self) -> tuple[float, bool, Population]:
        if self._is_old():
            self._set_read(self._meta(*_NAMES))
        assert self._read is not None
        return self._read

    def _is_old(self) -> bool:
        return self._read is None or time.monotonic() - self._read[0] > _REREAD_S

    def _set_read(self, kept: dict[str, str]) -> None:
        self._read = (time.monotonic(), _KILLED in kept, self._population(kept, _POPULATION, *self._assumed))
        if self._untold:
            self._untold = False
            if kept.get(_ADVISORS) != (own := self._own.model_dump_json()):
                self._put(_ADVISORS, own)

    def _meta(self, *names: str) -> dict[str, str]:
        with self._store.read() as connection:
            rows = connection.execute(select(meta.c.name, meta.c.value).where(meta.c.name.in_(names)))
            return {row.name: row.value for row in rows}

    def _population(self, kept: dict[str, str], *names: str) -> Population:
        """The first of these that is kept, else the settings' own; how fast users change is always the settings'."""
        held = next((kept[name] for name in names if name in kept), None)
        if held is None:
            return self._own
        fast = {"changes": self._own.changes, "half_life_days": self._own.half_life_days}
        return Population.model_validate_json(held).model_copy(update=fast)

    # ------------------------------------------------------------ changed

    def kill(self, on: bool) -> None:
        """Turn the kill switch on or off, for every advisor on this database; they notice within two seconds."""
        self._set(_KILLED, "true" if on else None)

    def reacted(self) -> None:
        """One more reaction was learned: now and then the population is estimated again."""
        self._reactions += 1
        if due(self.population(), self._reactions):
            self.estimate()

    def estimate(self) -> Population:
        """Estimate from everybody what a new user is like, and store it."""
        assumed = self._population(self._meta(*self._assumed), *self._assumed)
        with self._store.read() as connection:
            found = pooled(all_tastes(connection), assumed)
        self._set(_POPULATION, found.model_dump_json())
        self._reactions = 0
        return found

    def take_over(self, assumed: Population, known: Iterable[Taste], at: datetime) -> int:
        """Begin with what a log taught: of users in general, and of those not known yet. How many users were new."""
        rows = [{"user": one.user, "record": one.model_dump_json(), "at": at} for one in known]
        new = self._writer.committed(
            lambda connection: sum(insert_new(connection, row) for row in rows), timeout_s=600
        )
        self._set(_ASSUMED, assumed.model_dump_json())
        self.estimate()
        return new

    def _set(self, name: str, value: str | None) -> None:
        self._put(name, value).result(timeout=60)
        self._read = None

    def _put(self, name: str, value: str | None) -> Future[None]:
        def write(connection: Connection) -> None:
            connection.execute(delete(meta).where(meta.c.name == name))
            if value is not None:
                connection.execute(insert(meta).values(name=name, value=value))

        return self._writer.put(write)
