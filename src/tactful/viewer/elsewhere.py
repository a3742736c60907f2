"""What stood before a turn, where its row leaves it out: in what the run says that it was made from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar

import orjson

from tactful.data.formats.moments import moment_rows, parse_moment
from tactful.data.formats.traces import read_trace, trace_files
from tactful.errors import TactfulError
from tactful.runs.read.folder import RunFolder, resolve_input
from tactful.types import Moment
from tactful.viewer.strips.plain import Row, number, part, parts, words

T = TypeVar("T")
Missing = Literal["unnamed", "gone"]
"""The folder does not say what it was made from; or what stood there is there no more."""
_MADE_FROM = (
    ("run.json", ("resume_args", "source")),
    ("run.json", ("resume_args", "moments")),
    ("run.json", ("resume_args", "traces")),
    ("results.json", ("folder",)),
    ("replay.json", ("talks",)),
)
"""Files of a folder, and the names under which they say it."""


def moment_before(row: Row, kind: str, path: Path) -> Moment | None:
    """What was seen and proposed where this row of a kind was made, for its page; None: it is not found, or not soon."""
    if kind == "acceptances":
        found = moment_of(row, path, thorough=False)
    else:
        found = moment_at(row, path) if kind in ("decisions", "proposals") else "gone"
    return None if isinstance(found, str) else found


def moment_of(row: Row, path: Path, *, thorough: bool = True) -> Moment | Missing:
    """What was judged; `thorough` looks also where its id is not written, but follows from what stands there."""
    id_ = words((part(row, "acceptance") or row).get("moment_id"))
    return _first(path, lambda place: _moments(place, id_, thorough))


def moment_at(decision: Row, path: Path) -> Moment | Missing:
    """What the assistant saw at this event of a trace, with what it proposed there."""
    trace, at = words(decision.get("trace")), number(decision.get("at"))
    said = decision.get("proposal")
    return _first(
        path, lambda place: _seen(place, trace, int(at or 0), said if isinstance(said, str) else None)
    )


def state_of(replayed: Row, path: Path) -> Row | Missing:
    """The state in which a turn of a log was decided."""
    return _first(path, lambda place: _state(place, words(replayed.get("conversation")), replayed.get("id")))


def _first(path: Path, look: Callable[[Path], Iterator[T]]) -> T | Missing:
    """The first thing found in what this run, or the folder of this file, was made from."""
    missing: Missing = "unnamed"
    for place in _made_from(path):
        missing = "gone"
        try:
            if (found := next(look(place), None)) is not None:
                return found
        except (TactfulError, OSError):
            continue
    return missing


def _made_from(path: Path) -> Iterator[Path]:
    """Where it says; the folder may come from somebody else, so that a folder around it is none."""
    folder = path if path.is_dir() else path.parent
    around = (folder.resolve(), *folder.resolve().parents)
    for name, keys in _MADE_FROM:
        try:
            found: Any = json.loads((folder / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, str) and found and "\0" not in found:
            place = Path(found)
            yield from () if place.resolve() in around and name != "replay.json" else (place,)


def _moments(place: Path, id_: str, thorough: bool) -> Iterator[Moment]:
    path, named = resolve_input(place), orjson.dumps(id_)
    with path.open("rb") as lines, suppress(ValueError):  # the reader below says what is wrong
        for line in lines:
            if named in line and (moment := parse_moment(orjson.loads(line))).id == id_:
                yield moment
    if thorough:
        yield from (moment for moment in moment_rows(path, skip_bad=True) if moment.id == id_)


def _seen(place: Path, trace: str, at: int, proposal: str | None) -> Iterator[Moment]:
    for path in trace_files(place):
        if path.stem == trace:
            events = read_trace(path).seen(at)
            if 0 <= at < len(events):
                yield Moment(id=f"{trace}:{at}", session=trace, events=events, proposal=proposal)


def _state(place: Path, conversation: str, id_: Any) -> Iterator[Row]:
    named = orjson.dumps(conversation)
    with closing(RunFolder.open(place).state()) as state:
        for row in state.rows("done"):
            if named not in row.result.lines:
                continue
            for line in row.result.lines.splitlines():
                for turn in parts(orjson.loads(line), "turns"):
                    if part(turn, "state").get("id") == id_:
                        yield part(turn, "state")
