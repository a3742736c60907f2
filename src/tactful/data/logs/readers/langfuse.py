"""Langfuse: observations (also of the blob export), traces, and traces with their observations and scores.

A conversation is a session, or a trace where there is none. Its turns come from the generations; where nobody recorded
any, from the outermost observations or the trace itself. Inputs and outputs may be JSON inside strings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.exchanges import answers_in, messages_in, opened
from tactful.data.logs.drafting.ratings import rating_of
from tactful.data.logs.readers.calls import Call, by_conversation, calls_among
from tactful.data.logs.types import Format, Notes, Numbered, Row
from tactful.data.times import parse_time

_TIMES = ("startTime", "start_time", "timestamp", "createdAt", "created_at")


def _is_langfuse(row: Row) -> bool:
    if isinstance(row.get("trace"), Mapping) and "observations" in row:
        return True
    ids = {
        "traceId",
        "trace_id",
        "sessionId",
        "session_id",
        "userId",
        "observations",
        "scores",
        "bookmarked",
        "projectId",
    }
    return {"input", "output"} <= row.keys() and bool(ids & row.keys())


def _get(row: Row, *keys: str) -> Any:
    return next((row[key] for key in keys if row.get(key) not in (None, "")), None)


def _unfolded(rows: Iterable[tuple[int, Row]]) -> Iterator[Numbered]:
    """Traces that hold their observations, as observations that know their trace's session, user and scores."""
    for number, row in rows:
        inner = row.get("trace")
        trace: Row = inner if isinstance(inner, Mapping) else row
        held = opened(row.get("observations") or trace.get("observations"))
        if isinstance(held, list) and held and all(isinstance(item, Mapping) for item in held):
            known = {
                "traceId": trace.get("id"),
                "sessionId": _get(trace, "sessionId", "session_id"),
                "userId": _get(trace, "userId", "user_id"),
                "scores": row.get("scores") or trace.get("scores"),
            }
            for place, item in enumerate(held):
                own = known if not place else {**known, "scores": None}
                yield number, {**own, **{key: value for key, value in item.items() if value is not None}}
        else:
            yield number, trace


def _conversation(row: Row, notes: Notes) -> str:
    key = _get(row, "sessionId", "session_id", "traceId", "trace_id", "id")
    if key is None:
        raise ValueError("has neither a session nor a trace id")
    return str(key)


def _calls(rows: list[Row], draft: Draft, notes: Notes) -> Iterator[Call]:
    chosen = calls_among(
        rows,
        lambda row: str(row.get("type") or "").upper() == "GENERATION" and _has_text(row),
        lambda row: not _get(row, "parentObservationId", "parent_observation_id") and _has_text(row),
        notes,
    )
    user = next((found for row in rows if (found := _get(row, "userId", "user_id"))), None)
    if user:
        draft.known["user"] = str(user)
    calls = set(map(id, chosen))
    for row in rows:
        _rate(row, draft, notes, is_call=id(row) in calls)
    for row in chosen:
        at = parse_time(_get(row, *_TIMES))
        yield Call(
            sent=messages_in(row.get("input")),
            back=answers_in(row.get("output")),
            at=at,
            ended=parse_time(_get(row, "endTime", "end_time")) or at,
            id=str(row.get("id") or ""),
            model=str(_get(row, "model", "provided_model_name", "providedModelName", "internalModel") or ""),
            ratings=tuple(notes.ratings.get(str(row.get("id")), ())),
            out=row.get("output"),
        )  # fmt: skip


def _has_text(row: Row) -> bool:
    return bool(row.get("input") or row.get("output"))


def _rate(row: Row, draft: Draft, notes: Notes, *, is_call: bool) -> None:
    """What rates the conversation: scores of the trace or session, and of a span that is no call of a model."""
    found = [rating_of(score) for score in opened(row.get("scores")) or () if isinstance(score, Mapping)]
    span = () if is_call else (str(row.get("id")),)
    for key in (str(_get(row, "traceId", "trace_id") or ""), draft.id, *span):
        found += notes.ratings.pop(key, [])
    if any(found):
        draft.known["ratings"] = [*draft.known.get("ratings", ()), *filter(None, found)]


LANGFUSE = Format(
    "langfuse", _is_langfuse, by_conversation(_conversation, _calls, _TIMES, unfolded=_unfolded)
)
