"""Episodes in ProactiveBench's forms: traces, and labelled moments.

What only the simulation knows (verdicts, whether help was wanted) is in no trace, which is what an assistant watches; it
is the label of a moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from tactful.data.exporting.forms import new_folder
from tactful.data.formats.moments import moment_row
from tactful.data.formats.traces import SPLITS, Trace, TracePoint, file_name, write_traces
from tactful.data.io import read_jsonl, write_file, write_jsonl
from tactful.errors import DataError
from tactful.gym.types import SETTINGS, GymEpisode
from tactful.runs import resolve_input
from tactful.types import Event, Record

Times = Literal["epoch", "text"]
"""`1717377997.0`, or `Day 1, 9:00:05 AM`, whose first day is the episode's and which has no part of a second."""


def trace_of(episode: GymEpisode, times: Times = "epoch") -> Trace:
    """The events of an episode as a trace; an offer stands at the event after which it was shown."""
    start = next((event.at for event in episode.events if event.at is not None), None)
    points = []
    for step in episode.steps:
        offered = (step.proposal,) if step.shown and step.proposal is not None else ()
        for number, event in enumerate(step.events, 1):
            shown = offered if number == len(step.events) else ()
            points.append(TracePoint(event=_timed(event, start, times), candidates=shown))
        points += [TracePoint(event=_timed(event, start, times)) for event in step.carried_out]
    return Trace(id=episode.id, points=tuple(points))


class TracesExport(Record):
    """What an export wrote."""

    traces: int
    events: int
    offers: int
    """Shown to the user; those that a gate held back are in no trace."""
    empty: int = 0
    """Episodes that ended before anything was seen; they are no traces."""


def export_traces(run_or_file: Path | str, out: Path | str, times: Times = "epoch") -> TracesExport:
    """Write the episodes into the new folder `out`: one trace each, and which setting it is of in `splits.json`.

    One episode is held at a time. Raises: UserError for a folder that holds files; DataError for a bad line, or none.
    """
    folder, source = new_folder(out), resolve_input(run_or_file)
    splits: dict[str, list[str]] = {setting: [] for setting in SETTINGS}
    counts = {"events": 0, "offers": 0, "empty": 0}

    def traces() -> Iterator[Trace]:
        for episode in read_jsonl(source, GymEpisode):
            if not episode.events:
                counts["empty"] += 1
                continue
            trace = trace_of(episode, times)
            splits[episode.setting].append(file_name(trace))
            counts["events"] += len(trace.points)
            counts["offers"] += sum(len(point.candidates) for point in trace.points)
            yield trace

    written = write_traces(traces(), folder / "traces")
    if not written:
        raise DataError.at(source, None, "holds no episode with events", fix="make some: tactful gym run")
    told = {name: {"files": files} for name, files in splits.items() if files}
    write_file(folder / SPLITS, [orjson.dumps(told, option=orjson.OPT_INDENT_2)])
    return TracesExport(traces=written, **counts)


class MomentsExport(Record):
    """What an export wrote."""

    moments: int
    categories: Mapping[str, int]
    """hit, false-alarm, correct-silence, missed-need"""


def export_moments(run_or_file: Path | str, out: Path | str) -> MomentsExport:
    """Write the labelled moments of episodes into `moments.jsonl` of the new folder `out`, in ProactiveBench's form.

    One episode is held at a time. Raises: UserError for a folder that holds files; DataError for a bad line, or none.
    """
    folder, source = new_folder(out), resolve_input(run_or_file)
    counts: Counter[str] = Counter()

    def rows() -> Iterator[dict[str, Any]]:
        for episode in read_jsonl(source, GymEpisode):
            for item in episode.moments():
                counts[item.category] += 1
                yield moment_row(item)

    written = write_jsonl(folder / "moments.jsonl", rows())
    if not written:
        raise DataError.at(source, None, "holds no labelled moment", fix="make some: tactful gym run")
    return MomentsExport(moments=written, categories=dict(sorted(counts.items())))


def _timed(event: Event, start: datetime | None, times: Times) -> Event:
    """The event with its time spelt so; one without a readable time keeps what stands there."""
    if event.at is None or start is None:
        return event
    if times == "epoch":
        return event.model_copy(update={"time": str(event.at.timestamp())})
    day = (event.at.date() - start.date()).days + 1
    hour = event.at.hour % 12 or 12
    half = "AM" if event.at.hour < 12 else "PM"
    return event.model_copy(update={"time": f"Day {day}, {hour}:{event.at:%M:%S} {half}"})
