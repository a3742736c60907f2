"""Sessions in the forms that other commands read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson

from tactful.data.activity.types import WorkSession
from tactful.runs.store.files import write_atomic
from tactful.types import Event

Form = Literal["sessions", "traces", "moments"]
SEEN = 50
"""Events of an observation in the form `moments`: the latest of the session so far."""


def trace_rows(session: WorkSession) -> list[dict[str, Any]]:
    """A session as one of ProactiveBench's traces: nobody suggested anything."""
    return [
        {
            "observation": {"time": _epoch(event), "event": event.text},
            "agent_response": {"candidate_task": []},
        }
        for event in session.events
    ]


def moment_rows(sessions: Iterable[WorkSession]) -> Iterator[dict[str, Any]]:
    """A moment of silence for each event, with the events before it, at most the latest 50, as `reward judge` reads them."""
    for session in sessions:
        for at in range(len(session.events)):
            seen: Sequence[Event] = session.events[max(0, at + 1 - SEEN) : at + 1]
            yield {
                "id": f"{session.id}#{at}",
                "session": session.id,
                "user": session.user,
                "obs": [{"time": event.time, "event": event.text} for event in seen],
                "pred_task": None,
            }


def write_traces(folder: Path, sessions: Iterable[WorkSession]) -> int:
    """One file a session, named for it; how many. The folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for session in sessions:
        name = "".join(char if char.isalnum() or char in "-." else "_" for char in session.id)
        data = orjson.dumps(trace_rows(session), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        write_atomic(folder / f"{name}.json", [data])
        count += 1
    return count


def _epoch(event: Event) -> str:
    return event.time if event.at is None else f"{event.at.timestamp():.3f}"
