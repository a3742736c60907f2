"""A session frozen as one's own benchmark, in ProactiveBench's form: traces, labels, splits, and a manifest of hashes.

    mine/traces/monday.json   events, and the proposals that annotators were shown there
    mine/reward.jsonl         what people said
    mine/splits.json          split → files
    mine/manifest.json        SHA-256 of each of them

Sessions can be added later; what is frozen never changes unnoticed. Times may be missing; texts may not.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import Field

from tactful.data.formats.moments import labelled_rows, moment_row, parse_event
from tactful.data.formats.traces import SPLITS, Trace, TracePoint, read_traces, trace_bytes
from tactful.data.io import Rows, cannot_read, write_file
from tactful.data.sealed import load_document
from tactful.errors import DataError, UsageError
from tactful.evaluation.proactive.matching import TOUCHED, is_same
from tactful.types import Event, LabelledMoment, Record

MANIFEST = "manifest.json"
LABELS = "reward.jsonl"
FORM = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Manifest(Record):
    """What a frozen benchmark holds."""

    form: int = FORM
    version: str
    """Of Tactful, when it was last added to."""
    files: dict[str, str] = Field(min_length=1)
    """Path inside the folder → SHA-256 of the file."""
    sessions: dict[str, int]
    """Trace → its events."""


class Frozen(Record):
    """What `freeze` did."""

    folder: str
    trace: str
    events: int
    labelled: int
    needs_known: int
    """Events at which people said whether help was wanted."""
    sessions: int
    """In the benchmark now."""


def read_events(path: Path, *, skip_bad: bool = False) -> list[Event]:
    """Imported activity: `{"time", "event"}` as JSONL, or CSV with these two columns. Raises: DataError.

    `skip_bad` leaves out unusable lines of JSONL; a CSV must be whole.
    """
    if path.suffix.lower() != ".csv":
        return list(Rows(path, lambda row: parse_event(row, "the row"), kind="event", skip_bad=skip_bad))
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in ("time", "event") if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError.at(
                    path,
                    1,
                    f"has no column '{missing[0]}'",
                    fix="name the columns time,event in the first line",
                )
            return [_csv_event(path, reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise DataError.at(path, None, "is not UTF-8", fix="save it as UTF-8") from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _csv_event(path: Path, line: int, row: Mapping[str, Any]) -> Event:
    try:
        return parse_event({"time": row["time"] or "", "event": row["event"]}, "the row")
    except ValueError as error:
        raise DataError.at(path, line, str(error), fix="correct the row") from error


def freeze(
    events: Sequence[Event],
    labelled: Sequence[LabelledMoment],
    folder: Path,
    *,
    name: str,
    split: str,
    add: bool,
) -> Frozen:
    """Write the session into `folder`, with `add` into a benchmark that is there.

    Raises: DataError when a label does not belong to these events, the session is frozen already, or a frozen file
    was changed; UsageError for a bad name or a folder that is (not) there.
    """
    from tactful import __version__

    if not _NAME.fullmatch(name):
        raise UsageError(f"the name '{name}' is no file name; use letters, digits, - and _")
    trace = _trace(events, labelled, name)
    old = _existing(folder, add=add)
    earlier, labels = (read_traces(folder), read_labels(folder)) if old else ([], [])
    _refuse_overlap(trace, labelled, earlier, labels)
    mine = [_in_session(item, name) for item in labelled]
    splits = _splits(folder) if old else {}
    splits.setdefault(split, {"files": []})["files"].append(f"{name}.json")
    path = f"traces/{name}.json"
    contents = {
        path: trace_bytes(trace),
        LABELS: b"".join(orjson.dumps(moment_row(item)) + b"\n" for item in [*labels, *mine]),
        SPLITS: orjson.dumps(splits, option=orjson.OPT_INDENT_2) + b"\n",
    }
    for place, content in contents.items():
        write_file(folder / place, [content])
    hashes = {place: hashlib.sha256(content).hexdigest() for place, content in contents.items()}
    manifest = Manifest(
        version=__version__,
        files={**(old.files if old else {}), **hashes},
        sessions={**(old.sessions if old else {}), name: len(trace.points)},
    )
    write_file(folder / MANIFEST, [orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2), b"\n"])
    known = {len(item.moment.events) for item in mine if item.label.help_needed is not None}
    return Frozen(
        folder=str(folder),
        trace=name,
        events=len(trace.points),
        labelled=len(mine),
        needs_known=len(known),
        sessions=len(manifest.sessions),
    )


def check_frozen(folder: Path) -> Manifest | None:
    """The manifest of a frozen benchmark, its hashes checked; None where the folder has none.

    Raises: DataError for a file that was changed, lost or slipped in since it was frozen.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    manifest = load_document(
        path, Manifest, what="manifest of a frozen benchmark", again="freeze the sessions anew"
    )
    for name, digest in manifest.files.items():
        try:
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            raise DataError.at(
                folder / name,
                None,
                "is gone since it was frozen",
                fix="restore it, or freeze the sessions anew",
            ) from None
        if found != digest:
            raise DataError.at(
                folder / name,
                None,
                f"was changed since it was frozen (SHA-256 {found[:12]}…, frozen {digest[:12]}…)",
                fix="restore it, or freeze the sessions anew under another folder",
            )
    slipped = sorted(
        {f"traces/{one.name}" for one in (folder / "traces").glob("*.json")} - manifest.files.keys()
    )
    if slipped:
        raise DataError.at(
            folder / slipped[0],
            None,
            "is not in the manifest",
            fix="remove it, or add its session with 'tactful bench freeze --add'",
        )
    return manifest


def read_labels(folder: Path) -> list[LabelledMoment]:
    """What people said about the sessions of a frozen benchmark. Raises: DataError."""
    return list(labelled_rows(folder / LABELS))


# ---------------------------------------------------------------- one session


def _trace(events: Sequence[Event], labelled: Sequence[LabelledMoment], name: str) -> Trace:
    """The trace, every label put to its event. Raises: DataError."""
    if not events:
        raise DataError(f"the session '{name}' has no event; give a file with at least one")
    if not labelled:
        raise DataError(f"the session '{name}' has no labelled moment; annotate some first")
    shown: dict[int, list[str]] = {}
    for number, item in enumerate(labelled, start=1):
        seen = item.moment.events
        at = len(seen) - 1
        if at >= len(events) or not all(map(_equal, seen, events)):
            wrong = next(
                (
                    k
                    for k, (one, other) in enumerate(zip(seen, events, strict=False))
                    if not _equal(one, other)
                ),
                len(events),
            )
            text = seen[min(wrong, at)].text
            raise DataError(
                f"labelled moment {number} ('{item.moment.id}') does not belong to these events: its event {wrong + 1} is "
                f"'{text[:60]}'; every observation must be the session's events from the first on, word for word"
            )
        if item.moment.proposal is not None and item.moment.proposal not in shown.setdefault(at, []):
            shown[at].append(item.moment.proposal)
    points = (TracePoint(event=event, candidates=tuple(shown.get(at, ()))) for at, event in enumerate(events))
    return Trace(id=name, points=tuple(points))


def _equal(one: Event, other: Event) -> bool:
    return one.text == other.text and (one.at == other.at if one.at and other.at else one.time == other.time)


def _in_session(item: LabelledMoment, name: str) -> LabelledMoment:
    return item.model_copy(update={"moment": item.moment.model_copy(update={"session": name})})


def _existing(folder: Path, *, add: bool) -> Manifest | None:
    there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if there and not add:
        raise UsageError(
            f"{folder}: is there already; give --out a new name, or --add to add the session to it"
        )
    manifest = check_frozen(folder) if folder.is_dir() else None
    if add and manifest is None:
        raise UsageError(
            f"{folder}: is no frozen benchmark (it has no {MANIFEST}); leave out --add to begin one"
        )
    return manifest


def _splits(folder: Path) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = orjson.loads((folder / SPLITS).read_bytes())
    return found


def _refuse_overlap(
    trace: Trace,
    labelled: Sequence[LabelledMoment],
    earlier: Sequence[Trace],
    labels: Sequence[LabelledMoment],
) -> None:
    """Raises: DataError when the benchmark holds this name, or events of this session, or one of its labels."""
    if trace.id in {one.id for one in earlier}:
        raise DataError(f"the benchmark has a session '{trace.id}' already; give another --name")
    ids = {item.moment.id for item in labels}
    doubled = next((item.moment.id for item in labelled if item.moment.id in ids), None)
    if doubled is not None:
        raise DataError(
            f"the labelled moment '{doubled}' is in the benchmark already; freeze each session once"
        )
    for other in earlier:
        timed, untimed = _shared(trace, other)
        if timed >= TOUCHED * len(trace.points) or timed + untimed >= len(trace.points) / 2:
            raise DataError(
                f"{timed + untimed} of the {len(trace.points)} events stand in the frozen session '{other.id}' too; "
                "sessions must not overlap, or they would count as two"
            )


def _shared(trace: Trace, other: Trace) -> tuple[int, int]:
    """How many events of `trace` the other has: at the same time, and where no time is given by their text."""
    same = [any(is_same(event, one) for one in other.events) for event in trace.events]
    timed = sum(here and bool(event.time) for here, event in zip(same, trace.events, strict=True))
    return timed, sum(same) - timed
