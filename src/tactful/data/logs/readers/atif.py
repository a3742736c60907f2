"""ATIF, the interchange form of agents' trajectories: `{"schema_version", "session_id", "agent", "steps": […]}`."""

from __future__ import annotations

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.messages import add_content, plain
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.types import Format, Notes, Row, each
from tactful.data.times import parse_time


def _read(row: Row, notes: Notes) -> Draft:
    steps = row.get("steps")
    if not isinstance(steps, list):
        raise ValueError("holds no list of 'steps'")
    extra = object_in(row, "extra")
    draft = Draft(
        first_text(row, ("session_id", "trajectory_id")),
        skipped=notes.skipped,
        model=first_text(object_in(row, "agent"), ("model_name",)),
        user=first_text(extra, ("user", "user_id")),
        meta=dict(extra),
    )
    for step in steps:
        _say(draft, step)
    return draft


def _say(draft: Draft, step: Row) -> None:
    role = {"agent": "assistant"}.get(str(step.get("source")), str(step.get("source")))
    if role not in ("user", "assistant", "system"):
        raise ValueError(f"a step has the source '{role}', expected user, agent or system")
    at = parse_time(step.get("timestamp"))
    calls = step.get("tool_calls") or []
    thoughts = step.get("reasoning_content")
    add_content(
        draft,
        role,
        step.get("message") or "",
        at=at,
        model=first_text(step, ("model_name",)),
        thoughts=thoughts if isinstance(thoughts, str) else "",
    )
    if role == "assistant" and calls:
        draft.call(
            [
                {
                    "id": call.get("tool_call_id"),
                    "name": call.get("function_name"),
                    "arguments": call.get("arguments"),
                }
                for call in calls
            ]
        )
    for result in object_in(step, "observation").get("results") or ():
        content = result.get("content")
        draft.result(
            str(result.get("source_call_id") or ""),
            plain(content) if isinstance(content, list) else spelt(content),
            at=at,
        )


ATIF = Format(
    "atif",
    lambda row: (
        str(row.get("schema_version") or "").startswith("ATIF")
        or {"steps", "agent", "session_id"} <= row.keys()
    ),
    each(_read),
)
