"""Traces, and what an assistant said along them, as items: an event with candidates, or any event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tactful.annotation.items.making import File, parted, told_events
from tactful.annotation.types import Item, Proposals
from tactful.data.formats.traces import (
    SPLITS,
    Trace,
    TracePoint,
    read_answers,
    read_splits,
    read_trace,
)
from tactful.data.recognise import document
from tactful.errors import DataError
from tactful.gym.types import SETTINGS


def trace_files(path: Path) -> list[Path]:
    """The traces or responses in a folder, or in its subfolder `traces`; the file itself; none where it is something else."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".json" and _rows(path) else []
    place = path / "traces" if (path / "traces").is_dir() else path
    found = sorted(one for one in place.glob("*.json") if one.name not in (SPLITS, "manifest.json"))
    return found if found and _rows(found[0]) else []


def _rows(path: Path) -> list[Mapping[str, Any]]:
    """The points of a trace or a file of responses; none where it is neither."""
    whole = document(path)
    if not isinstance(whole, list) or not whole:
        return []
    rows: list[Mapping[str, Any]] = [row for row in whole if isinstance(row, dict)]
    return rows if rows and "observation" in rows[0] else []


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
    if not any(isinstance(row.get("agent_response"), list) for row in _rows(path)):
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
