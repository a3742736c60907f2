"""Does a file hold what it should? Recognises the kind of record and reads every line."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import orjson

from tactful.data.formats.traces import trace_files, trace_rows
from tactful.data.formats.yaml_items import read_yaml
from tactful.data.io import STDIN, Rows, cannot_read, opened_file
from tactful.data.logs import is_log
from tactful.data.logs.json_rows import loads
from tactful.data.recognise import LOGS, MARKS, document, foreign_file, foreign_row, kind_of
from tactful.errors import DataError, UsageError, UserError
from tactful.sources import NoParquet, is_folder, is_parquet, named, parquet_rows
from tactful.types import Record

FORMATS: Mapping[str, str] = {
    "tactful-policy-1": "policy",
    "tactful-evaluation-1": "evaluation",
    "tactful-utterance-evaluation-1": "utterance-evaluation",
    "tactful-confidence-2": "confidence",
    "tactful-reward-1": "reward-model",
    "tactful-suggestions-1": "suggestion-model",
    "tactful-gate-1": "gate",
    "tactful-trainset-1": "trainset",
}
"""`format` of a file that is one JSON object → its kind."""
TOML_MARKS: Mapping[str, frozenset[str]] = {
    "personas": frozenset({"persona"}),
    "space": frozenset({"action"}),
    "feedback-config": frozenset({"tau_c", "rewards"}),
    "reward-config": frozenset(
        {"form", "delta", "gamma", "gamma_cap", "lam", "alpha", "question_weight", "reject_weight"}
        | {"too_long_weight", "off_topic_weight", "too_long_tokens", "task_score", "timeout_s", "memory_mb"}
    ),
}
"""Kind of a TOML file → keys of which it has one."""
WHOLE = (*TOML_MARKS, *FORMATS.values(), "llama-factory", "traces", "seeds")
"""Kinds of which a file is one document, not one record per line."""
KINDS = (*MARKS, *WHOLE)

_TYPE = "--type KIND, of the kinds in docs/reference/data.md"

_MADE: Mapping[str, tuple[str, str, str | None]] = {
    "states": ("states", "calibrate states", None),
    "trajectories": ("trajectories", "calibrate rollout", "states"),
    "rewarded": ("rewarded trajectories", "calibrate reward", "trajectories"),
    "pairs": ("preference pairs", "calibrate pairs", "rewarded"),
    "scenes": ("scenes", "gym scenes", None),
    "episodes": ("episodes", "gym run", "scenes"),
    "judged-turns": ("judged turns", "feedback judge", "chats"),
}
"""Kind → what it is called, the command that makes it, and the kind that this is made from."""


class Report(Record):
    """What checking one file found. `read` = `good` + `bad`."""

    path: str
    type: str
    """The kind of record."""
    read: int
    """Lines (or rows, or personas) that were not blank."""
    good: int
    bad: int
    problems: tuple[str, ...]
    """`file:line: what is wrong` of the first bad ones."""


def detect_kind(path: Path | str) -> str:
    """The kind of record in a file, from its name and its first readable line; whether it is a log, its readers tell.

    Raises: UsageError when neither tells; it names the kinds for `--type`. UserError when it cannot be read.
    """
    if str(path) == STDIN:
        raise UsageError(f"standard input is read once; name its kind: {_TYPE}")
    if is_folder(path):
        return "traces" if trace_files(Path(path)) else "chats"
    suffix = Path(path).suffix.lower()
    if suffix == ".csv":
        return "chats" if _holds_chats(Path(path)) else "states"
    look = {".toml": _toml_kind, ".yaml": _yaml_kind, ".yml": _yaml_kind}.get(suffix, _json_kind)
    kind, shown = look(Path(path))
    if suffix in (".yaml", ".yml") and kind is None:
        raise UsageError(
            f"{path}: is no list of scenes and no mapping of seeds ({shown}); name it: --type scenes"
        )
    if kind is None and suffix != ".toml" and is_log(path):
        return "chats"
    if kind is None:
        _refuse_foreign(Path(path))
        raise UsageError(f"{path}: the kind of record is not recognised ({shown}); name it: {_TYPE}")
    return kind


def _holds_chats(table: Path) -> bool:
    """Whether a table is a log and none of states, which have a `query`; one that cannot be read is left to its reader."""
    try:
        with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            columns = next(csv.reader(file), [])
        return "query" not in columns and is_log(table)
    except (OSError, UserError, csv.Error):
        return False


def refuse_other_kind(
    path: Path | str, wanted: str, *, also: Collection[str] = (), given: Path | str | None = None
) -> None:
    """Nothing, unless `path` is recognised as another kind than `wanted` and those that are taken `also`.

    `given` is what the user typed (a run folder, say). Raises: DataError that says what the file holds and which
    commands lead from there to what is wanted. A file that is not recognised is left to its reader.
    """
    try:
        kind = detect_kind(path)
    except UserError:
        return
    if kind == wanted or kind in also:
        return
    source = path if given is None else given
    raise DataError.at(
        source, None, f"holds {_held(kind)}, expected {_called(wanted)}", fix=_fix(kind, wanted, source)
    )


def _called(kind: str) -> str:
    return _MADE[kind][0] if kind in _MADE else f"'{kind}'"


def _held(kind: str) -> str:
    return f"{_called(kind)} of '{_MADE[kind][1]}'" if kind in _MADE else _called(kind)


def _fix(kind: str, wanted: str, source: Path | str) -> str:
    """What leads from a file of one kind to another, else what makes that."""
    steps: list[str] = []
    kind = "chats" if kind in LOGS else kind
    at: str | None = wanted
    while at is not None and at != kind and at in _MADE:
        _, maker, at = _MADE[at]
        steps.insert(0, maker)
    if steps and at == kind:
        return f"run: tactful {steps[0]} {source}" + "".join(f", then tactful {step}" for step in steps[1:])
    return f"give what 'tactful {steps[-1]}' makes" if steps else f"give a file that holds '{wanted}'"


def _refuse_foreign(path: Path) -> None:
    """Say what a file is that is none of ours, where that can be told. Raises: DataError."""
    row = _first_object(path)
    other = foreign_row(row, path) if row else foreign_file(_first_line(path) or b"", path)
    if other is not None:
        raise DataError.at(path, None, other.name, fix=other.fix)


def _toml_kind(path: Path) -> tuple[str | None, str]:
    try:
        keys = tomllib.loads(path.read_text(encoding="utf-8-sig")).keys()
    except OSError as error:
        raise cannot_read(path, error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError.at(path, None, f"is not valid TOML ({error})", fix="correct it") from error
    found = next((kind for kind, marks in TOML_MARKS.items() if marks & keys), None)
    return found, f"its keys are {', '.join(sorted(keys)[:8])}" if keys else "it holds nothing"


def _yaml_kind(path: Path) -> tuple[str | None, str]:
    """Scenes are a list, seeds a mapping with the tasks of each setting; what stands in them is told by their readers."""
    items = read_yaml(path)
    if items and items[0].key is None:
        return "scenes", ""
    if any(isinstance(item.value, Mapping) and "tasks" in item.value for item in items):
        return "seeds", ""
    keys = ", ".join(str(item.key) for item in items[:8])
    return None, f"its keys are {keys}" if items else "it holds nothing"


def _json_kind(path: Path) -> tuple[str | None, str]:
    """The kind of a JSON or JSONL file (None: not told), and what was seen in it. Raises: UsageError for an empty one."""
    row = {} if _starts_document(path) else _first_object(path)
    keys = row.keys()
    kind = kind_of(row)
    if kind is not None:
        return kind, ""
    whole = document(path) if not keys or "format" in keys else None
    if isinstance(whole, dict) and "format" in whole:
        return FORMATS.get(str(whole["format"])), f"its keys are {', '.join(sorted(whole)[:8])}"
    if isinstance(whole, list) and any(isinstance(row, dict) and "conversations" in row for row in whole):
        return "llama-factory", ""
    if trace_rows(whole):
        return "traces", ""
    if keys:
        return None, f"its first object has the keys {', '.join(sorted(keys)[:8])}"
    line = _first_line(path)
    if line is None:
        raise UsageError(f"{path}: is empty; give a file with one record per line")
    return None, f"no line is a JSON object{_problem(line)}"


def _first_line(path: Path) -> bytes | None:
    """The first line that is not blank; None where there is none."""
    with opened_file(path) as file:
        return next((one for one in file if one.strip()), None)


def _problem(line: bytes) -> str:
    """What is wrong with a line, as the end of a sentence; empty where it is JSON."""
    try:
        loads(line.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        return f"; the first is not JSON: {error}"
    return ""


def _starts_document(path: Path) -> bool:
    """Whether the first line opens a JSON document that goes over several lines, and the rest makes it whole."""
    with opened_file(path) as file:
        first = file.readline()
    return first.strip() in (b"[", b"{") and document(path) is not None


def _first_object(path: Path, lines: int = 50) -> dict[str, Any]:
    """The first JSON object among the first lines; empty when there is none."""
    with opened_file(path) as file:
        if is_parquet(file):
            try:
                return next((row.cells for row in parquet_rows(file)), {})
            except NoParquet as error:
                raise DataError.at(path, None, str(error), fix="write the file again") from error
        for _, line in zip(range(lines), file, strict=False):
            try:
                row: Any = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
            except orjson.JSONDecodeError:
                continue
            if isinstance(row, dict):
                return row
    return {}


def check_file(path: Path | str, kind: str, open_rows: Callable[[Path | str], Rows[Any]]) -> Report:
    """Read every row with `open_rows(path)`, which must skip and count bad ones, and say what was found."""
    rows = open_rows(path)
    good = sum(1 for _ in rows)
    return Report(
        path=named(path), type=kind, read=rows.read, good=good, bad=rows.bad, problems=tuple(rows.problems)
    )


def check_document(path: Path | str, kind: str, read: Callable[[Path], int]) -> Report:
    """Read a file that is one document with `read`, which counts what it holds or raises UserError."""
    try:
        count = read(Path(path))
    except UserError as error:
        return Report(path=named(path), type=kind, read=1, good=0, bad=1, problems=(str(error),))
    return Report(path=named(path), type=kind, read=count, good=count, bad=0, problems=())
