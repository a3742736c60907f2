"""Traces, and what an assistant said along them, as items: an event with candidates, or any event."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tactful.annotation.items.making import File, parted, told_events
from tactful.annotation.types import Item, Proposals
from tactful.data.formats.traces import (
    Trace,
    TracePoint,
    read_answers,
    read_splits,
    read_trace,
    trace_files,
    trace_rows,
)
from tactful.data.recognise import document
from tactful.errors import DataError
from tactful.gym.types import SETTINGS


def from_traces(file: File) -> Iterator[Item]:
    """An item for each event at which something is proposed; with `silent`, for every event."""
    for path in trace_files(file.path):
        file.tally.read += 1
        try:
            trace = _read(path)
        except DataError as error:
            if not file.wanted.skip_bad:
                raise
            file.tally.refused([str(error)], 1)
            continue
        yield from _items(file, trace, _setting(path.parent, trace))


def _read(path: Path) -> Trace:
    if not any(isinstance(row.get("agent_response"), list) for row in trace_rows(document(path))):
        return read_trace(path)
    points = tuple(
        TracePoint(event=answer.event, candidates=answer.proposals if answer.state == "answered" else ())
        for answers in read_answers(path)
        for answer in answers.answers
    )
    return Trace(id=path.stem, points=points)


def _setting(folder: Path, trace: Trace) -> str:
    """The split of ours that holds it; empty where none does."""
    splits = read_splits(folder, [trace])
    return next((name for name in SETTINGS if trace.id in splits.get(name, ())), "")


def _items(file: File, trace: Trace, setting: str) -> Iterator[Item]:
    for at, point in enumerate(trace.points):
        candidates = tuple(dict.fromkeys(point.candidates))
        if not candidates and not file.wanted.silent:
            file.leave_out("an event without a candidate")
            continue
        seen = trace.seen(at)
        earlier, events = parted(seen, file.wanted.window)
        rows = [{"pred_task": text, "candidate": place} for place, text in enumerate(candidates)]
        yield file.item(
            Proposals(events=events, candidates=candidates),
            *(trace.id, told_events(seen), candidates),
            session=trace.id,
            origin={
                "moments": rows or [{"pred_task": None, "candidate": None}],
                "earlier": earlier,
                "trace": trace.id,
                "event": at,
                "row": dict(point.row),
            },
            text="\n".join(event.text for event in events),
            setting=setting,
        )
