"""Conversations that were kept with their texts, as logs: what was decided stands in the meta of the assistant's turns.

`propensity` is that of what the assistant did. It is known where it was told and did as told; else (in shadow, outside the
share, or where it did otherwise) no policy of ours acted, and the key is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Connection, Select, select, tuple_

from tactful.database import Store
from tactful.live.following.recognising import place_of
from tactful.live.keeping.texts import KEY
from tactful.live.storing.tables import advice, conversations, observations
from tactful.live.types import Advice, Observation
from tactful.mend.turns import PROPENSITY
from tactful.types import ChatTurn, Conversation, Message

SOURCE = "tactful-live"
_AT_A_TIME = 500
_NEXT = Message(role="user", content="")


def kept_conversations(store: Store) -> Iterator[Conversation]:
    """Every conversation whose texts are kept, the oldest first; streamed. The answer to its last request is not known."""
    last: tuple[object, str] = ("", "")
    with store.read() as connection:
        while rows := connection.execute(_after(last)).all():
            for row in rows:
                yield _conversation(connection, row.id, row.user, row.texts)
            last = (rows[-1].begun_at, rows[-1].id)


def _after(last: tuple[object, str]) -> Select[Any]:
    wanted = select(conversations).where(conversations.c.texts.is_not(None))
    if last[1]:
        wanted = wanted.where(tuple_(conversations.c.begun_at, conversations.c.id) > last)
    return wanted.order_by(conversations.c.begun_at, conversations.c.id).limit(_AT_A_TIME)


def _conversation(connection: Connection, id: str, user: str, texts: str) -> Conversation:
    kept = orjson.loads(texts)
    messages = [Message(role=one["role"], content=one["content"]) for one in kept]
    rows = connection.execute(
        select(advice.c.key, advice.c.record, observations.c.record)
        .outerjoin(observations, observations.c.advice == advice.c.id)
        .where(advice.c.conversation == id)
        .order_by(advice.c.at)
    )
    given: dict[str, tuple[Advice, Observation | None]] = {
        key: (
            Advice.model_validate_json(record),
            None if observed is None else Observation.model_validate_json(observed),
        )
        for key, record, observed in rows
    }
    whole = {at - 1: key for key, at in place_of((*messages, _NEXT), user).earlier}
    turns = [ChatTurn(role="system", content=one.content) for one in messages if one.role == "system"]
    before = None
    for at, one in enumerate(messages):
        if one.role == "system" or not one.content.strip():
            continue
        here = given.get(kept[at].get(KEY) or whole.get(at, ""))
        turns.append(
            ChatTurn(
                role=one.role,
                content=one.content,
                at=here[0].at if here else None,
                meta=_meta(*before) if before and one.role == "assistant" else {},
            )
        )
        before = here
    return Conversation(id=id, turns=tuple(turns), source=SOURCE, format="tactful", user=user)


def _meta(decided: Advice, observed: Observation | None) -> dict[str, str | float | bool]:
    meta: dict[str, str | float | bool] = {
        "advice": decided.id,
        "choice": decided.choice,
        "treated": decided.treated,
    }
    followed = observed is not None and observed.asked == (decided.choice == "ask")
    if decided.treated and followed and decided.propensity is not None:
        meta[PROPENSITY] = decided.propensity
    return meta
