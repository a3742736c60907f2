"""Sessions in the forms that other commands read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from tactful.data.activity.types import WorkSession
from tactful.data.formats.traces import Trace, TracePoint
from tactful.types import Event

Form = Literal["sessions", "traces", "moments"]
SEEN = 50
"""Events of an observation in the form `moments`: the latest of the session so far."""


def trace_of(session: WorkSession) -> Trace:
    """A session as one of ProactiveBench's traces: nobody suggested anything."""
    points = (TracePoint(event=event.model_copy(update={"time": _epoch(event)})) for event in session.events)
    return Trace(id=session.id, points=tuple(points))


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


def _epoch(event: Event) -> str:
    return event.time if event.at is None else f"{event.at.timestamp():.3f}"
