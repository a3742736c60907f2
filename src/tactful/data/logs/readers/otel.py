"""OpenTelemetry GenAI spans: OTLP JSON (`resourceSpans`), one span a line, or the events of older versions.

Messages stand in `gen_ai.input.messages` and `gen_ai.output.messages`, in numbered attributes (`gen_ai.prompt.0.content`),
or in events. Recording them is off by default: spans without text are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.exchanges import messages_in, opened
from tactful.data.logs.drafting.ratings import rating_of
from tactful.data.logs.keys import first_filled, object_in
from tactful.data.logs.readers.calls import NO_CALL, Call, by_conversation
from tactful.data.logs.types import Format, Notes, Numbered, Row
from tactful.data.times import parse_time

UNRECORDED = "a span whose text was not recorded"
_CHATS = frozenset({"chat", "text_completion", "generate_content", "invoke_agent", "completion"})
_IDS = ("gen_ai.conversation.id", "session.id", "conversation.id", "langfuse.session.id")
_NUMBERED = re.compile(
    r"(?:gen_ai|llm)\.(?P<way>prompt|completion|input_messages|output_messages)s?\.(?P<place>\d+)\.(?:message\.)?"
    r"(?P<key>role|content|contents\.\d+\.message_content\.text)"
)
_TIMES = (
    "startTimeUnixNano",
    "start_time_unix_nano",
    "start_time",
    "startTime",
    "time",
    "timestamp",
    "timeUnixNano",
)
_ENDS = ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime")
_TEXTS = ("gen_ai.input", "gen_ai.output", "gen_ai.prompt", "gen_ai.completion", "llm.input", "llm.output")
"""How attributes with what was said begin."""
_MODELS = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")
_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "choice",
}


def _is_otel(row: Row) -> bool:
    if "resourceSpans" in row or "resource_spans" in row or "resourceLogs" in row:
        return True
    names = _attributes(row)
    return any(
        str(name).startswith(("gen_ai.", "llm.input", "llm.output", "openinference.")) for name in names
    )


def _attributes(row: Any) -> dict[str, Any]:
    """The attributes of a span, of either form."""
    given = row.get("attributes") if isinstance(row, Mapping) else None
    if isinstance(given, Mapping):
        return dict(given)
    if not isinstance(given, list):
        return {}
    return {str(item.get("key")): _value(item.get("value")) for item in given if isinstance(item, Mapping)}


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "arrayValue" in value:
        return [_value(item) for item in _held(value["arrayValue"], "values")]
    if "kvlistValue" in value:
        return _attributes({"attributes": _held(value["kvlistValue"], "values")})
    return next(iter(value.values()), None)


def _held(row: Any, *keys: str) -> list[Any]:
    """The list under one of the keys; empty where there is none."""
    found = first_filled(row, keys) if isinstance(row, Mapping) else None
    return found if isinstance(found, list) else []


def _spans(rows: Iterable[tuple[int, Row]]) -> Iterator[Numbered]:
    """Every span by itself, its attributes an object."""
    for number, row in rows:
        groups = row.get("resourceSpans") or row.get("resource_spans") or row.get("resourceLogs")
        if not isinstance(groups, list):
            yield number, {**row, "attributes": _attributes(row)}
            continue
        for group in groups:
            shared = _attributes(group.get("resource")) if isinstance(group, Mapping) else {}
            for scope in _held(group, "scopeSpans", "scope_spans", "scopeLogs"):
                for span in _held(scope, "spans", "logRecords"):
                    if isinstance(span, Mapping):
                        span = {**span, "attributes": {**shared, **_attributes(span)}}
                    yield number, span


def _conversation(row: Row, notes: Notes) -> str:
    attributes = row["attributes"]
    operation = attributes.get("gen_ai.operation.name")
    if not (
        operation in _CHATS
        or attributes.get("openinference.span.kind") == "LLM"
        or _name(row) in _EVENTS
        or _texts(row)
        or row.get("events")
    ):
        notes.skipped[NO_CALL] += 1
        return ""
    trace = first_filled(row, ("traceId", "trace_id")) or object_in(row, "context").get("trace_id")
    return str(first_filled(attributes, _IDS) or trace or f"span-{next(notes.unnamed)}")


def _name(row: Row) -> str:
    return str(row.get("name") or row.get("eventName") or row["attributes"].get("event.name") or "")


def _calls(rows: list[Row], draft: Draft, notes: Notes) -> Iterator[Call]:
    chats = [row for row in rows if row["attributes"].get("gen_ai.operation.name") != "invoke_agent"]
    loose: dict[str, list[Row]] = {}
    for row in chats or rows:
        attributes = row["attributes"]
        if user := first_filled(attributes, ("enduser.id", "user.id", "enduser.pseudo.id")):
            draft.known["user"] = str(user)
        if _name(row) in _EVENTS:
            loose.setdefault(_id(row), []).append(row)
            continue
        sent, back = _messages(row)
        if not sent and not back:
            notes.skipped[UNRECORDED] += 1
            continue
        yield Call(
            sent=sent,
            back=back,
            at=_begun(row),
            ended=_ended(row) or _begun(row),
            id=_id(row),
            model=str(first_filled(attributes, _MODELS, "")),
            ratings=tuple(_ratings(row)),
        )
    for id, events in loose.items():
        yield _told(events, id)


def _told(events: list[Row], id: str) -> Call:
    """A call that is told in events of its own: what was sent, one by one, and the choice that came back."""
    told: dict[bool, list[Any]] = {True: [], False: []}
    for row in events:
        if message := _event_message(_name(row), row.get("body")):
            told[_name(row) == "gen_ai.choice"].append(message)
    return Call(sent=told[False], back=told[True], at=_begun(events[0]), ended=_begun(events[-1]), id=id)


def _id(row: Row) -> str:
    return str(first_filled(row, ("spanId", "span_id"), ""))


def _begun(row: Row) -> datetime | None:
    return parse_time(first_filled(row, _TIMES))


def _ended(row: Row) -> datetime | None:
    return parse_time(first_filled(row, _ENDS))


def _texts(row: Row) -> bool:
    return any(key.startswith(_TEXTS) for key in row["attributes"])


def _messages(row: Row) -> tuple[list[Any], list[Any]]:
    """What a span's call was sent and gave back."""
    attributes = row["attributes"]
    sent, back = (messages_in(attributes.get(f"gen_ai.{way}.messages")) for way in ("input", "output"))
    system = opened(attributes.get("gen_ai.system_instructions"))
    numbered: dict[tuple[str, int], dict[str, Any]] = {}
    for key, value in attributes.items():
        if found := _NUMBERED.fullmatch(key):
            message = numbered.setdefault((found["way"], int(found["place"])), {})
            if found["key"].startswith("contents"):
                value = "\n".join(filter(None, (message.get("content"), str(value))))
            message["role" if found["key"] == "role" else "content"] = value
    for (way, _), message in sorted(numbered.items()):
        side = sent if way in ("prompt", "input_messages") else back
        side.append({"role": "user" if side is sent else "assistant", "content": "", **message})
    for event in row.get("events") or ():
        more = _attributes(event)
        told = _event_message(str(event.get("name")), event.get("body") or more)
        if told:
            (back if event.get("name") == "gen_ai.choice" else sent).append(told)
        sent += [] if sent else messages_in(more.get("gen_ai.input.messages") or more.get("gen_ai.prompt"))
        told_back = first_filled(more, ("gen_ai.output.messages", "gen_ai.completion"))
        back += [] if back else messages_in(told_back)
    if system and sent and not any(message.get("role") == "system" for message in sent):
        sent = [{"role": "system", "content": system}, *sent]
    return sent, [
        {**message, "role": "assistant"} if message.get("role") == "user" else message for message in back
    ]


def _event_message(name: str, body: Any) -> dict[str, Any] | None:
    role = _EVENTS.get(name)
    body = opened(
        _value(body) if isinstance(body, Mapping) and {"stringValue", "kvlistValue"} & body.keys() else body
    )
    if role is None or not isinstance(body, Mapping):
        return None
    inner = opened(body.get("message")) if role == "choice" else body
    inner = inner if isinstance(inner, Mapping) else body
    if inner.get("content") is None and not inner.get("tool_calls"):
        return None
    return {
        "role": "assistant" if role == "choice" else role,
        **{key: opened(inner[key]) for key in ("content", "tool_calls") if inner.get(key) is not None},
        "tool_call_id": inner.get("id"),
    }


def _ratings(row: Row) -> Iterator[dict[str, Any]]:
    for event in row.get("events") or ():
        if isinstance(event, Mapping) and event.get("name") == "gen_ai.evaluation.result":
            given = _attributes(event)
            rating = rating_of(
                given.get("gen_ai.evaluation.score.value"),
                name=str(given.get("gen_ai.evaluation.name") or "rating"),
            )
            label = given.get("gen_ai.evaluation.score.label")
            if rating or label:
                yield {**(rating or {"name": "rating", "value": None}), "text": str(label or "")}


OTEL = Format("otel", _is_otel, by_conversation(_conversation, _calls, _TIMES, unfolded=_spans))
