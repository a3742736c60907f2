"""Advice and observations on their way into the database, many in one statement: what waits for the same commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, Insert, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from tactful.live.following.tasks import Followed
from tactful.live.keeping.lookup import spelt
from tactful.live.keeping.tastes import change_tastes
from tactful.live.keeping.texts import gone_on
from tactful.live.learning.patience import Population, learned
from tactful.live.storing.tables import advice as advice_table
from tactful.live.storing.tables import conversations, observations
from tactful.live.storing.writer import Kind
from tactful.live.types import Advice, Observation, Taste
from tactful.mend.turns import Task
from tactful.types import Message

_INSERT_ADVICE = insert(advice_table)
_INSERT_OBSERVATION = insert(observations)
_GIVEN = (
    select(
        advice_table.c.id,
        advice_table.c.user,
        advice_table.c.conversation,
        advice_table.c.record,
        observations.c.advice.label("seen"),
    )
    .outerjoin(observations, observations.c.advice == advice_table.c.id)
    .where(advice_table.c.id.in_(bindparam("which", expanding=True)))
)
_TEXTS = select(conversations.c.id, conversations.c.texts).where(
    conversations.c.id.in_(bindparam("which", expanding=True))
)
_MOST_TEXTS = 16 * 1024 * 1024
"""Characters of a conversation; one that is longer is kept as its next request has it."""


def _upsert(dialect: Any, *fields: str) -> Insert:
    made = dialect.insert(conversations)
    changed = {name: made.excluded[name] for name in fields}
    return made.on_conflict_do_update(index_elements=["id"], set_=changed)  # type: ignore[no-any-return]


_STANDS = {
    (name, texts): _upsert(dialect, "task", "at", *(("texts",) if texts else ()))
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
    for texts in (False, True)
}


@dataclass(frozen=True)
class Decision:
    """An advice and where its conversation stands."""

    advice: Advice
    key: str
    task: Task
    texts: tuple[Message, ...]
    """Empty: they are not kept."""

    def row(self) -> dict[str, Any]:
        """Of the advice."""
        names = ("id", "conversation", "user", "at", "choice", "treated")
        row = {name: getattr(self.advice, name) for name in names}
        return row | {"key": self.key, "record": self.advice.model_dump_json()}

    def stands(self, begun_at: datetime) -> dict[str, Any]:
        """Of the conversation, without its texts, which is new or not; `begun_at` counts where it is."""
        one = self.advice
        row = {"id": one.conversation, "user": one.user, "task": spelt(self.task)}
        return row | {"begun_at": begun_at, "at": one.at}


@dataclass(frozen=True)
class Seen:
    """What came of an advice."""

    advice: str
    found: Followed
    how: Any
    at: datetime
    population: Population
    made: list[Observation] = field(default_factory=list)
    """The observation, once it is written; empty: the advice is not known, or was observed before."""


def _write_decisions(connection: Connection, several: Sequence[Decision]) -> None:
    connection.execute(_INSERT_ADVICE, [one.row() for one in several])
    begun = {one.advice.conversation: one.advice.at for one in reversed(several)}
    kept = _texts(connection, [one for one in several if one.texts])
    for texts in (False, True):
        latest = {one.advice.conversation: one for one in several if bool(one.texts) == texts}
        if rows := [one.stands(begun[id]) | (kept[id] if texts else {}) for id, one in latest.items()]:
            connection.execute(_STANDS[connection.dialect.name, texts], rows)


def _texts(connection: Connection, several: Sequence[Decision]) -> dict[str, dict[str, str]]:
    """Conversation → its texts with those of these requests, as a column."""
    if not several:
        return {}
    rows = connection.execute(_TEXTS, {"which": [*{one.advice.conversation for one in several}]})
    kept = {row.id: orjson.loads(row.texts) for row in rows if 0 < len(row.texts or "") <= _MOST_TEXTS}
    for one in several:
        id = one.advice.conversation
        kept[id] = gone_on(kept.get(id, ()), one.texts, one.key)
    return {id: {"texts": orjson.dumps(texts).decode()} for id, texts in kept.items()}


def _write_seen(connection: Connection, several: Sequence[Seen]) -> None:
    first = {one.advice: one for one in reversed(several)}
    rows: list[dict[str, Any]] = []
    changes: dict[str, list[Callable[[Taste], Taste]]] = {}
    given = {row.id: row for row in connection.execute(_GIVEN, {"which": list(first)})}
    for one in several:
        one.made.clear()
        to = given.get(one.advice)
        if to is None or to.seen is not None or first[one.advice] is not one:
            continue
        made = Observation(
            advice=one.advice,
            at=one.at,
            conversation=to.conversation,
            user=to.user,
            asked=one.found.asked,
            outcome=one.found.outcome,
            complaint=one.found.complaint,
            how=one.how,
            subject=one.found.subject,
        )
        row = {name: getattr(made, name) for name in ("advice", "conversation", "user", "at", "outcome")}
        rows.append(row | {"record": made.model_dump_json()})
        if to.user:
            changes.setdefault(to.user, []).append(_teaches(one, orjson.loads(to.record)["need"]))
        one.made.append(made)
    if rows:
        connection.execute(_INSERT_OBSERVATION, rows)
    change_tastes(connection, changes, several[-1].at)


def _teaches(one: Seen, need: float | None) -> Callable[[Taste], Taste]:
    return partial(
        learned,
        outcome=one.found.outcome,
        at=one.at,
        population=one.population,
        subject=one.found.subject,
        need=need,
    )


DECISIONS = Kind(0, _write_decisions)
SEEN = Kind(1, _write_seen)
"""Behind the decisions that wait beside them: what came of a turn may be known as soon as its advice."""
