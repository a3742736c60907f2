"""OpenAI calls: stored completions, batches, responses, and logs of request and response. One exchange a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from tactful.data.logs.chains import Chains
from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.exchanges import answers_in, messages_in, opened
from tactful.data.logs.drafting.messages import time_of
from tactful.data.logs.keys import first_filled, first_text, object_in
from tactful.data.logs.readers.calls import Call, by_conversation
from tactful.data.logs.readers.responses import is_response, messages_of
from tactful.data.logs.readers.rows import USERS
from tactful.data.logs.types import Format, Notes, Numbered, Row

_IDS = ("conversation_id", "conversation", "session_id", "thread_id", "chat_id")

_TIMES = ("created", "created_at", "timestamp", "time")
_BEFORE = ("previous_response_id",)


def _request(row: Row) -> Mapping[str, Any]:
    found = opened(row.get("request") or row.get("body") or row.get("request_body"))
    if isinstance(found, Mapping) and isinstance(found.get("body"), Mapping):
        found = found["body"]
    return found if isinstance(found, Mapping) else row


def _given(row: Row) -> Any:
    return first_filled(row, ("response", "response_body", "completion"))


def _response(row: Row) -> Any:
    if row.get("choices") or row.get("object") == "response":
        return row
    found = opened(_given(row))
    return found["body"] if isinstance(found, Mapping) and isinstance(found.get("body"), Mapping) else found


def _conversation(row: Row, notes: Notes) -> str:
    request = _request(row)
    for place in (row.get("metadata"), request.get("metadata"), row):
        if isinstance(place, Mapping) and (found := first_text(place, _IDS)):
            return found
    for place in (request, row, _response(row)):
        if isinstance(place, Mapping) and isinstance(place.get("conversation"), Mapping):
            return first_text(place["conversation"], ("id",))
    return first_text(row, ("id", "custom_id", "request_id")) or f"call-{next(notes.unnamed)}"


def _calls(rows: list[Row], draft: Draft, notes: Notes) -> Iterator[Call]:
    for row in rows:
        request, response = _request(row), _response(row)
        places = (request, row, object_in(row, "metadata"))
        if user := next(filter(None, (first_text(place, USERS) for place in places)), ""):
            draft.known["user"] = user
        at = time_of(response) if isinstance(response, Mapping) else None
        named = (place for place in (row, response, request) if isinstance(place, Mapping))
        sent, back = _exchange(request, response)
        yield Call(
            sent=sent,
            back=back,
            at=time_of(row) or at,
            ended=at or time_of(row),
            id=first_text(row, ("id",)),
            model=next(filter(None, (first_text(place, ("model",)) for place in named)), ""),
            out=given if isinstance(given := _given(row), str) else None,
        )


def _exchange(request: Row, response: Any) -> tuple[list[Any], list[Any]]:
    """What was sent and what came back."""
    if not is_response(response):
        sent = first_filled(request, ("messages", "input_messages", "input"))
        return messages_in({"messages": sent}), answers_in(response)
    system = messages_of(request.get("instructions"), "system")
    sent = [*system, *messages_of(request.get("input"), "user")]
    return sent, messages_of(response.get("output"), "assistant")


def _is_completion(row: Row) -> bool:
    request, back = _request(row), opened(row.get("response") or row.get("response_body"))
    if row.get("object") in ("chat.completion", "response") or ("input" in request and is_response(back)):
        return True
    asked = isinstance(request.get("messages") or request.get("input_messages"), list)
    answered = bool(row.get("choices")) or isinstance(back, Mapping)
    return asked and (answered or (request is not row and bool({"response", "response_body"} & row.keys())))


def _read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    with closing(Chains()) as chains:

        def conversation(row: Row, notes: Notes) -> str:
            """A response may name no conversation but the response before it."""
            response = _response(row)
            if not is_response(response):
                return _conversation(row, notes)
            before = first_text(response, _BEFORE) or first_text(_request(row), _BEFORE)
            own = first_text(response, ("id",))
            return chains.conversation(own, before, lambda: _conversation({"id": own, **row}, notes))

        yield from by_conversation(conversation, _calls, _TIMES)(rows, notes)


COMPLETIONS = Format("openai-calls", _is_completion, _read)
