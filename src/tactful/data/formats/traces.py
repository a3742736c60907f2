"""Traces of working users and what assistants said along them, in the form of ProactiveBench's files.

A trace is a JSON list of `{"observation": {"time", "event"}, "agent_response": {"candidate_task": [...]}}`. A file of
responses is the same list with `"agent_response": ["help that was offered"]` or `["null"]`. The key `task_status` of
these files is not documented: it is kept for writing a trace again, and nothing here takes it for a label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson
from pydantic import Field, JsonValue

from tactful.data.formats.moments import parse_event, plain_proposal
from tactful.data.io import cannot_read, shorten, write_file
from tactful.data.recognise import document
from tactful.data.times import is_mixed_up
from tactful.errors import DataError, UserError
from tactful.types import Event, Record

T = TypeVar("T")
SPLITS = "splits.json"
NO_TRACES = (SPLITS, "manifest.json")
"""Files that may lie beside traces."""
_TRACE_FIX = "give the folder with the traces, one JSON list per file"


class TracePoint(Record):
    """One event of a trace, and the proposals that its file suggests there."""

    event: Event
    candidates: tuple[str, ...] = ()
    row: Mapping[str, JsonValue] = {}
    """The whole row as its file has it, for writing it again; empty for a trace that was made here."""


class Trace(Record):
    """One recording of a working user."""

    id: str
    """Name of its file without `.json`."""
    points: tuple[TracePoint, ...] = Field(min_length=1)

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, oldest first."""
        return tuple(point.event for point in self.points)

    def seen(self, at: int) -> tuple[Event, ...]:
        """What an assistant has seen at event `at` (from 0), that event included."""
        return self.events[: at + 1]


class Answer(Record):
    """What an assistant said at one event, as its file has it."""

    event: Event
    state: Literal["answered", "failed", "absent"]
    """`failed`: the call failed and something else than a list was left in its place. `absent`: no response at all."""
    said: tuple[str | None, ...] = ()
    """As written: the text `null` stays text. Empty or null in the file is one silence, `(None,)`; a failed call that
    left an object has the object's keys here, which is what the published counting takes for proposals."""

    @property
    def proposals(self) -> tuple[str, ...]:
        """The proposals among what was said; `null` spelt as text is none."""
        return tuple(text for text in map(plain_proposal, self.said) if text is not None)


class Answers(Record):
    """What one assistant said along one trace."""

    path: str
    answers: tuple[Answer, ...]


def trace_files(path: Path) -> list[Path]:
    """The traces or responses in a folder, or in its subfolder `traces`; the file itself; none where it is something else."""
    if path.is_file():
        return [path] if path.suffix.lower() == ".json" and trace_rows(document(path)) else []
    place = path / "traces" if (path / "traces").is_dir() else path
    found = sorted(one for one in place.glob("*.json") if one.name not in NO_TRACES)
    return found if found and trace_rows(document(found[0])) else []


def trace_rows(whole: Any) -> list[Mapping[str, Any]]:
    """The points of a JSON document that is a trace or a file of responses; none where it is neither."""
    if not isinstance(whole, list):
        return []
    rows: list[Mapping[str, Any]] = [row for row in whole if isinstance(row, dict)]
    return rows if rows and "observation" in rows[0] else []


def read_traces(folder: Path) -> list[Trace]:
    """The traces in a folder, or in its subfolder `traces`, by name.

    Raises: DataError for no folder, no trace, or an unusable one.
    """
    place = folder / "traces" if (folder / "traces").is_dir() else folder
    return [read_trace(path) for path in _files(place, what="trace", fix=_TRACE_FIX)]


def read_trace(path: Path) -> Trace:
    """The trace in one file. Raises: DataError for an unusable one."""
    trace = Trace(id=path.stem, points=_entries(path, _trace_point, "trace"))
    if is_mixed_up(trace.events):
        fix = "put its events oldest first, as an assistant meets them"
        raise DataError.at(path, None, "its events do not stand in the order of their times", fix=fix)
    return trace


def write_traces(traces: Iterable[Trace], folder: Path) -> int:
    """Write one file per trace into `folder`, and how many there were; a trace that was read is written byte for byte.

    Raises: UserError where two traces have one name.
    """
    names: set[str] = set()
    for trace in traces:
        name = file_name(trace)
        if name in names:
            raise UserError(f"{folder}: two traces would be called '{name}'; give each its own id")
        names.add(name)
        write_file(folder / name, [trace_bytes(trace)])
    return len(names)


def file_name(trace: Trace) -> str:
    """The trace's id with what no file name holds written `_`."""
    return re.sub(r"[^\w.+-]+", "_", trace.id).strip(".") + ".json"


def trace_bytes(trace: Trace) -> bytes:
    """The file of a trace."""
    text = json.dumps([_row(point) for point in trace.points], ensure_ascii=False, indent=4)
    return text.encode("utf-8", "surrogatepass")


def _row(point: TracePoint) -> Mapping[str, Any]:
    observation = {"time": point.event.time, "event": point.event.text}
    return point.row or {
        "observation": observation,
        "agent_response": {"candidate_task": list(point.candidates)},
    }


def read_answers(path: Path) -> list[Answers]:
    """The responses in a file, or in every JSON file of a folder. Raises: DataError."""
    fix = "give a folder with one JSON list of responses per trace"
    files = [path] if path.is_file() else _files(path, what="response file", fix=fix)
    return [Answers(path=str(file), answers=_entries(file, _answer, "response")) for file in files]


def answer_folders(path: Path) -> dict[str, Path]:
    """Model → where its responses are: the folder itself, or each of its subfolders that holds JSON files.

    Raises: DataError when there is none.
    """
    if path.is_file():
        return {path.parent.resolve().name: path}
    if path.is_dir() and any(path.glob("*.json")):
        return {path.resolve().name: path}
    inner = sorted(one for one in path.glob("*") if one.is_dir() and any(one.glob("*.json")))
    if not inner:
        raise DataError.at(
            path,
            None,
            "holds no response file",
            fix="give a folder of responses, or one with a folder per model",
        )
    return {one.name: one for one in inner}


def read_splits(folder: Path, traces: Sequence[Trace]) -> dict[str, tuple[str, ...]]:
    """Split → its traces, `all` last: from `splits.json`, else coding and writing by file name.

    `splits.json` lies beside the traces or in the folder above: `{"coding": {"files": ["code_1.json"]}}`. Files that it
    names and that are not here are left out, as one may hold a part of a benchmark; a split may lack all of them.
    Raises: DataError for another form.
    """
    known = {trace.id for trace in traces}
    places = [folder / SPLITS, folder.parent / SPLITS] if folder.name == "traces" else [folder / SPLITS]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        kinds = {"coding": "code_", "writing": "writing_"}
        found = {
            name: tuple(one for one in sorted(known) if one.startswith(start))
            for name, start in kinds.items()
        }
    else:
        rows = _json(path)
        if not isinstance(rows, Mapping):
            raise DataError.at(path, None, f"is {shorten(rows)}, expected an object of splits")
        found = {name: _split_files(path, name, value) for name, value in rows.items()}
        found = {name: tuple(one for one in ids if one in known) for name, ids in found.items()}
    kept = {name: ids for name, ids in found.items() if ids and name != "all"}
    return kept | {"all": tuple(trace.id for trace in traces)}


def _split_files(path: Path, name: str, value: Any) -> tuple[str, ...]:
    files = value.get("files") if isinstance(value, Mapping) else None
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise DataError.at(
            path,
            None,
            f"split '{name}' is {shorten(value)}",
            fix='write {"files": ["a.json", …]} under its name',
        )
    return tuple(Path(file).stem for file in files)


# ---------------------------------------------------------------- one file


def _files(folder: Path, *, what: str, fix: str) -> list[Path]:
    if not folder.is_dir():
        raise DataError.at(folder, None, "is no folder", fix=fix)
    found = sorted(path for path in folder.glob("*.json") if path.name not in NO_TRACES)
    if not found:
        raise DataError.at(folder, None, f"holds no {what} (*.json)", fix=fix)
    return found


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise cannot_read(path, error) from error
    except orjson.JSONDecodeError as error:
        raise DataError.at(path, error.lineno, f"not JSON ({error.msg})", fix="correct the file") from error


def _entries(path: Path, parse: Callable[[Any, str], T], kind: str) -> tuple[T, ...]:
    rows = _json(path)
    if not isinstance(rows, list) or not rows:
        raise DataError.at(path, None, f"{kind} is {shorten(rows)}, expected a list with at least one event")
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(parse(row, f"event {number}"))
        except ValueError as error:
            raise DataError.at(path, None, str(error), fix="correct the event") from error
    return tuple(found)


def _event(row: Any, place: str) -> Event:
    if not isinstance(row, Mapping) or "observation" not in row:
        raise ValueError(f"{place} is {shorten(row)}, expected an object with 'observation'")
    return parse_event(row["observation"], place)


def _trace_point(row: Any, place: str) -> TracePoint:
    event, given = _event(row, place), row.get("agent_response")
    candidates = given.get("candidate_task") if isinstance(given, Mapping) else None
    if not isinstance(candidates or [], list) or not all(isinstance(text, str) for text in candidates or []):
        raise ValueError(f"{place} has candidate_task {shorten(candidates)}, expected a list of texts")
    plain = (plain_proposal(text) for text in candidates or [])
    return TracePoint(event=event, candidates=tuple(text for text in plain if text is not None), row=row)


def _answer(row: Any, place: str) -> Answer:
    event = _event(row, place)
    if "agent_response" not in row:
        return Answer(event=event, state="failed" if row.get("failed") else "absent")
    said = row["agent_response"]
    if said is None or said == []:
        return Answer(event=event, state="answered", said=(None,))
    if isinstance(said, Mapping):
        return Answer(event=event, state="failed", said=tuple(map(str, said)))
    if isinstance(said, str):
        said = [said]
    if not isinstance(said, list):
        raise ValueError(f"{place} has agent_response {shorten(said)}, expected a list of texts and nulls")
    return Answer(event=event, state="answered", said=tuple(map(_as_counted, said)))


def _as_counted(said: Any) -> str | None:
    """One entry of a list of responses. An object or number among the texts is a proposal, as the published counting
    has it: every entry but null is one."""
    return said if said is None or isinstance(said, str) else orjson.dumps(said).decode()
