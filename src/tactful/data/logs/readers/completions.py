"""OpenAI calls: stored completions, batches, and logs of request and response. One exchange a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.data.logs.drafts import Draft
from tactful.data.logs.exchanges import answers_in, messages_in, opened
from tactful.data.logs.messages import time_of
from tactful.data.logs.readers.calls import Call, by_conversation
from tactful.data.logs.readers.rows import USERS, first_text
from tactful.data.logs.types import Format, Notes, Row

_IDS = ("conversation_id", "conversation", "session_id", "thread_id", "chat_id")


def _request(row: Row) -> Mapping[str, Any]:
    found = opened(row.get("request") or row.get("body") or row.get("request_body"))
    if isinstance(found, Mapping) and isinstance(found.get("body"), Mapping):
        found = found["body"]
    return found if isinstance(found, Mapping) else row


def _response(row: Row) -> Any:
    if row.get("choices"):
        return row
    found = opened(row.get("response") or row.get("response_body") or row.get("completion"))
    return found["body"] if isinstance(found, Mapping) and isinstance(found.get("body"), Mapping) else found


def _conversation(row: Row, notes: Notes) -> str:
    request = _request(row)
    for place in (row.get("metadata"), request.get("metadata"), row):
        if isinstance(place, Mapping) and (found := first_text(place, _IDS)):
            return found
    return first_text(row, ("id", "custom_id", "request_id")) or f"call-{notes.unnamed()}"


def _calls(rows: list[Row], draft: Draft, notes: Notes) -> Iterator[Call]:
    for row in rows:
        request, response = _request(row), _response(row)
        meta = row.get("metadata") if isinstance(row.get("metadata"), Mapping) else {}
        user = first_text(request, USERS) or first_text(row, USERS) or first_text(meta or {}, USERS)
        if user:
            draft.known["user"] = user
        at = time_of(response) if isinstance(response, Mapping) else None
        named = row if row.get("model") or not isinstance(response, Mapping) else response
        yield Call(
            sent=messages_in(
                {"messages": request.get("messages") or request.get("input_messages") or request.get("input")}
            ),
            back=answers_in(response),
            at=time_of(row) or at,
            ended=at or time_of(row),
            id=first_text(row, ("id",)),
            model=first_text(named, ("model",)),
        )


def _is_completion(row: Row) -> bool:
    request = _request(row)
    asked = isinstance(request.get("messages") or request.get("input_messages"), list)
    return (
        asked
        and (
            bool(row.get("choices"))
            or isinstance(opened(row.get("response") or row.get("response_body")), Mapping)
        )
    ) or row.get("object") == "chat.completion"


COMPLETIONS = Format(
    "openai-calls",
    _is_completion,
    by_conversation(_conversation, _calls, ("created", "created_at", "timestamp", "time")),
)
