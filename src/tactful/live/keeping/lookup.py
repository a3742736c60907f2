"""What the database knows where a request comes in: short questions, written once, since each request waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, exists, func, select

from tactful.live.following.recognising import Place
from tactful.live.keeping.tastes import taste_of
from tactful.live.storing.tables import advice, conversations, observations
from tactful.live.types import Taste
from tactful.mend.turns import Task
from tactful.types import UserHistory

LOOKED_AT = 4
"""Requests before the one at hand."""
_FORK = "~"
LONG_AGO = datetime.min.replace(tzinfo=UTC)

_BEFORE = (
    select(
        advice.c.id,
        advice.c.conversation,
        advice.c.key,
        advice.c.at,
        observations.c.advice.label("seen"),
        conversations.c.task,
    )
    .outerjoin(observations, observations.c.advice == advice.c.id)
    .outerjoin(conversations, conversations.c.id == advice.c.conversation)
    .order_by(advice.c.at.desc())
)
_KEYS: list[BindParameter[Any]] = [bindparam(f"key{at}") for at in range(LOOKED_AT)]
_OTHER = advice.alias()
_WENT_ON = (
    exists()
    .where(
        _OTHER.c.conversation == advice.c.conversation,
        _OTHER.c.at > advice.c.at,
        _OTHER.c.key.not_in([*_KEYS, bindparam("key")]),
    )
    .correlate(advice)
)
"""A later request of its conversation is none of those that are looked for."""
_BY_KEY = _BEFORE.add_columns(_WENT_ON.label("went_on")).where(advice.c.key.in_(_KEYS))
_BY_CONVERSATION = _BEFORE.where(
    advice.c.conversation == bindparam("conversation"), advice.c.key != bindparam("key")
).limit(1)
_ASKED = select(func.count()).where(
    advice.c.conversation == bindparam("conversation"),
    advice.c.choice == "ask",
    advice.c.key != bindparam("key"),
)
_TASK = select(conversations.c.task).where(conversations.c.id == bindparam("conversation"))


@dataclass(frozen=True)
class Known:
    """What is known where a request comes in."""

    conversation: str
    task: Task
    taste: Taste | None
    earlier: str = ""
    """Id of the advice on the request before this one; empty: none is known."""
    earlier_at: datetime = LONG_AGO
    unobserved: bool = False
    """What came of that has not been learned yet."""
    asked: int = 0
    """Questions that were advised in this conversation."""


def look_up(connection: Connection, place: Place, conversation: str, user: str) -> Known:
    """What is known of this request's conversation and user; a new conversation where its prefix is new, or was gone on from."""
    earlier = _earlier(connection, place, conversation)
    id = conversation or (earlier.conversation if earlier else "")
    taste = taste_of(connection, user)
    if not id:
        return Known(uuid4().hex, Task(), taste)
    if not conversation and earlier.went_on:
        return Known(forked(id), Task(), taste)
    here = {"conversation": id, "key": place.key}
    kept = earlier.task if earlier else connection.execute(_TASK, here).scalar()
    return Known(
        conversation=id,
        task=_task(kept),
        taste=taste,
        earlier=earlier.id if earlier else "",
        earlier_at=earlier.at if earlier else LONG_AGO,
        unobserved=earlier is not None and earlier.seen is None,
        asked=connection.execute(_ASKED, here).scalar_one(),
    )


def keys_before(place: Place) -> Sequence[str]:
    """Of the requests that are looked for, the latest first."""
    return [key for key, _ in place.earlier[:LOOKED_AT]]


def spelt(task: Task) -> str:
    """As it is kept."""
    return orjson.dumps(vars(task) | {"user": vars(task.user)}).decode()


def forked(conversation: str) -> str:
    """An id for what goes on from an earlier point of a conversation: somebody else's who began alike, or an edit."""
    return f"{uuid4().hex[:15]}{_FORK}{drawn_by(conversation)[-48:]}"


def drawn_by(conversation: str) -> str:
    """By what a conversation without a name is drawn into the share: a fork is treated as that which it leaves."""
    return conversation.rpartition(_FORK)[2]


def _earlier(connection: Connection, place: Place, conversation: str) -> Any:
    """The latest advice on an earlier request of the same conversation, with where that stands."""
    if conversation:
        return connection.execute(_BY_CONVERSATION, {"conversation": conversation, "key": place.key}).first()
    keys = keys_before(place)
    if not keys:
        return None
    padded = {f"key{at}": keys[min(at, len(keys) - 1)] for at in range(LOOKED_AT)}
    rows = connection.execute(_BY_KEY, padded | {"key": place.key}).all()
    return min(rows, key=lambda row: keys.index(row.key), default=None)


def _task(kept: str | None) -> Task:
    if kept is None:
        return Task()
    held = orjson.loads(kept)
    return Task(**held | {"user": UserHistory(**held["user"])})
