"""Does a file hold what it should? Recognises the kind of record and reads every line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from tactful.data.io import STDIN, Rows, cannot_read
from tactful.errors import UsageError
from tactful.types import Record

# Kind → keys that no other kind has together. Looked up in this order in the first line that is an object.
MARKS: Mapping[str, frozenset[str]] = {
    "rewarded": frozenset({"trajectory", "counts"}),
    "trajectories": frozenset({"steps", "end"}),
    "pairs": frozenset({"chosen_action", "rejected_action"}),
    "sessions": frozenset({"persona", "states"}),
    "seed-tasks": frozenset({"complete", "open"}),
    "mbpp": frozenset({"task_id", "test_list"}),
    "utterance": frozenset({"tree", "chosen", "gold"}),
    "predictions": frozenset({"predictions", "hindsight"}),
    "failures": frozenset({"stage", "attempts", "input_hash"}),
    "states": frozenset({"query"}),
    "dialogues": frozenset({"id", "conversation"}),
}


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
    """The kind of record in a file, from its name and its first readable line.

    Raises: UsageError when neither tells; it names the kinds for `--type`.
    """
    if str(path) == STDIN:
        raise UsageError(f"standard input is read once; name its kind: --type {'|'.join(MARKS)}")
    suffix = Path(path).suffix.lower()
    if suffix == ".toml":
        return "personas"
    if suffix == ".csv":
        return "states"
    keys = _first_keys(Path(path))
    for kind, marks in MARKS.items():
        if marks <= keys:
            return kind
    shown = (
        f"its first object has the keys {', '.join(sorted(keys)[:8])}" if keys else "no line is a JSON object"
    )
    raise UsageError(
        f"{path}: the kind of record is not recognised ({shown}); name it: --type {'|'.join(MARKS)}"
    )


def _first_keys(path: Path, lines: int = 50) -> frozenset[str]:
    """The keys of the first JSON object among the first lines; empty when there is none."""
    try:
        with path.open("rb") as file:
            for _, line in zip(range(lines), file, strict=False):
                try:
                    row: Any = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
                except orjson.JSONDecodeError:
                    continue
                if isinstance(row, dict):
                    return frozenset(row)
    except OSError as error:
        raise cannot_read(path, error) from error
    return frozenset()


def check_file(path: Path | str, kind: str, open_rows: Callable[[Path | str], Rows[Any]]) -> Report:
    """Read every row with `open_rows(path)`, which must skip and count bad ones, and say what was found."""
    rows = open_rows(path)
    good = sum(1 for _ in rows)
    return Report(
        path=str(path), type=kind, read=rows.read, good=good, bad=rows.bad, problems=tuple(rows.problems)
    )
