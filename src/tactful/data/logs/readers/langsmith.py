"""LangSmith runs: one call a row. The conversation stands in the metadata; `session_id` at the top is the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.exchanges import answers_in, messages_in, opened
from tactful.data.logs.drafting.ratings import rating_of
from tactful.data.logs.keys import first_filled
from tactful.data.logs.readers.calls import Call, by_conversation, calls_among
from tactful.data.logs.types import Format, Notes, Row
from tactful.data.times import parse_time

_TIMES = ("start_time", "startTime")
_NAMES = ("ls_model_name", "model_name", "model")
_MODELS = frozenset({"llm", "chat_model"})


def _metadata(row: Row) -> Mapping[str, Any]:
    extra = opened(row.get("extra"))
    found = opened(extra.get("metadata")) if isinstance(extra, Mapping) else row.get("metadata")
    return found if isinstance(found, Mapping) else {}


def _conversation(row: Row, notes: Notes) -> str:
    talk = first_filled(_metadata(row), ("session_id", "thread_id", "conversation_id"))
    return str(talk or first_filled(row, ("trace_id", "id")) or f"run-{next(notes.unnamed)}")


def _calls(rows: list[Row], draft: Draft, notes: Notes) -> Iterator[Call]:
    chosen = calls_among(
        rows, lambda row: row.get("run_type") in _MODELS, lambda row: not row.get("parent_run_id"), notes
    )
    user = next((found for row in rows if (found := _metadata(row).get("user_id"))), None)
    if user:
        draft.known["user"] = str(user)
    calls = set(map(id, chosen))
    for row in rows:
        found = notes.ratings.get(str(row.get("id")), []) if id(row) not in calls else []
        stats = row.get("feedback_stats")
        for key, stat in stats.items() if isinstance(stats, Mapping) else ():
            rating = rating_of(stat.get("avg") if isinstance(stat, Mapping) else stat, name=str(key))
            found = [*found, rating] if rating else found
        if found:
            draft.known["ratings"] = [*draft.known.get("ratings", ()), *found]
    for row in chosen:
        at = parse_time(row.get("start_time"))
        inputs, outputs = opened(row.get("inputs")), opened(row.get("outputs"))
        yield Call(
            sent=messages_in(inputs),
            back=answers_in(outputs),
            at=at,
            ended=parse_time(row.get("end_time")) or at,
            id=str(row.get("id") or ""),
            model=_model(row, inputs, outputs),
            ratings=tuple(notes.ratings.get(str(row.get("id")), ())),
            out=row.get("outputs"),
        )


def _model(row: Row, inputs: Any, outputs: Any) -> str:
    told = outputs.get("llm_output") if isinstance(outputs, Mapping) else None
    places = (_metadata(row), told, outputs, inputs)
    names = (place.get(key) for place in places if isinstance(place, Mapping) for key in _NAMES)
    return next((name for name in names if isinstance(name, str) and name), "")


def _is_langsmith(row: Row) -> bool:
    return {"inputs", "outputs"} <= row.keys() or {"run_type", "inputs"} <= row.keys()


LANGSMITH = Format("langsmith", _is_langsmith, by_conversation(_conversation, _calls, _TIMES))
