"""A session frozen as one's own benchmark, in ProactiveBench's form: traces, labels, splits, and a manifest of hashes.

    mine/traces/monday.json   events, and the proposals that annotators were shown there
    mine/reward.jsonl         what people said
    mine/splits.json          split → files
    mine/manifest.json        SHA-256 of each of them

Sessions can be added later; what is frozen never changes unnoticed. Times may be missing; texts may not. An addition is
first written whole beside the rest, in `.freeze-add/`, its manifest last: one that is cut off before that is dropped, one
that is cut off later is finished by whoever opens the benchmark next.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import orjson
from pydantic import Field

from tactful.data.formats.moments import labelled_rows, moment_row
from tactful.data.formats.traces import NO_TRACES, SPLITS, Trace, TracePoint, read_traces, trace_bytes
from tactful.data.io import write_file
from tactful.data.sealed import load_document
from tactful.errors import DataError, UsageError
from tactful.evaluation.proactive.matching import TOUCHED, is_same
from tactful.evaluation.proactive.points import in_session
from tactful.runs.store.lock import only_writer
from tactful.types import Event, LabelledMoment, Record

MANIFEST = "manifest.json"
LABELS = "reward.jsonl"
ADDING = ".freeze-add"
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
    if not _NAME.fullmatch(name):
        raise UsageError(f"the name '{name}' is no file name; use letters, digits, - and _")
    if f"{name}.json" in NO_TRACES:
        raise UsageError(f"the name '{name}' is that of another file of a benchmark; give another --name")
    trace = _trace(events, labelled, name)
    mine = [in_session(item, name) for item in labelled]
    with only_writer(folder) if add and (folder / MANIFEST).is_file() else nullcontext():
        manifest = _add(trace, mine, folder, _existing(folder, add=add), split)
        _settle(folder)
    known = {len(item.moment.events) for item in mine if item.label.help_needed is not None}
    return Frozen(
        folder=str(folder),
        trace=name,
        events=len(trace.points),
        labelled=len(mine),
        needs_known=len(known),
        sessions=len(manifest.sessions),
    )


def _add(
    trace: Trace, mine: Sequence[LabelledMoment], folder: Path, old: Manifest | None, split: str
) -> Manifest:
    """Write the files that the session adds or changes beside the others, and their manifest last."""
    from tactful import __version__

    shutil.rmtree(folder / ADDING, ignore_errors=True)
    earlier, labels = (read_traces(folder), read_labels(folder)) if old else ([], [])
    _refuse_overlap(trace, mine, earlier, labels)
    splits = _splits(folder) if old else {}
    splits.setdefault(split, {"files": []})["files"].append(f"{trace.id}.json")
    contents = {
        f"traces/{trace.id}.json": trace_bytes(trace),
        LABELS: b"".join(orjson.dumps(moment_row(item)) + b"\n" for item in [*labels, *mine]),
        SPLITS: orjson.dumps(splits, option=orjson.OPT_INDENT_2) + b"\n",
    }
    hashes = {place: hashlib.sha256(content).hexdigest() for place, content in contents.items()}
    manifest = Manifest(
        version=__version__,
        files={**(old.files if old else {}), **hashes},
        sessions={**(old.sessions if old else {}), trace.id: len(trace.points)},
    )
    contents[MANIFEST] = orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2) + b"\n"
    for place, content in contents.items():
        write_file(folder / ADDING / place, [content])
    return manifest


def _settle(folder: Path) -> None:
    """Put the files of an addition, where all are there, in their places, the manifest last."""
    adding = folder / ADDING
    if not (adding / MANIFEST).is_file():
        return
    files = [path for path in adding.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path == adding / MANIFEST):
        write_file(folder / path.relative_to(adding), [path.read_bytes()])
    shutil.rmtree(adding, ignore_errors=True)


def check_frozen(folder: Path) -> Manifest | None:
    """The manifest of a frozen benchmark, its hashes checked; None where the folder has none.

    Raises: DataError for a file that was changed, lost or slipped in since it was frozen.
    """
    if (folder / ADDING / MANIFEST).is_file():
        with only_writer(folder):
            _settle(folder)
    return _checked(folder)


def _checked(folder: Path) -> Manifest | None:
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
        at, same = len(seen) - 1, [*map(_equal, seen, events)]
        if at >= len(events) or not all(same):
            wrong = len(events) if all(same) else same.index(False)
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


def _existing(folder: Path, *, add: bool) -> Manifest | None:
    there = folder.exists() and (not folder.is_dir() or any(one.name != ADDING for one in folder.iterdir()))
    if there and not add:
        raise UsageError(
            f"{folder}: is there already; give --out a new name, or --add to add the session to it"
        )
    if add:
        _settle(folder)
    manifest = _checked(folder) if folder.is_dir() else None
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
