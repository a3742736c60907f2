"""The user's own states, read from JSONL or CSV and checked row by row; nothing is guessed that a row should say.

JSONL is strict: a number is a number, not its text, and `true` is not 1. A CSV cell can only be text, so there the
text of a number is read as one, and some columns hold JSON.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from tactful.data.io import STDIN, Rows, describe, opened_file, shorten
from tactful.data.recognise import refuse_named
from tactful.data.seeds.planning_check import broken_checks
from tactful.errors import DataError
from tactful.text import detect_lang
from tactful.types import Hidden, State, content_hash

FLAT_KEYS = tuple(Hidden.model_fields)
"""Private keys that a row may hold beside `query`; they move into `hidden`."""
ROW_KEYS = (
    "query",
    "dialogue_turn",
    "query_clarity",
    "task_complexity",
    "prev_reject",
    "id",
    "domain",
    "group",
    "wording",
    "history",
    *FLAT_KEYS,
)
"""What a row of a user's file may hold (our own files hold all of `State`); all but `query` may be missing."""
MOST_COUNTED = 1000
"""The most that a count of a state (rejections, questions, turns) can be; more is a slip of the pen."""

_KNOWN_KEYS = frozenset({*State.model_fields, *FLAT_KEYS})
_COUNTS = ("dialogue_turn", "prev_reject", "questions_asked", "answered")
_NUMBERS = frozenset({*_COUNTS, "query_clarity", "task_complexity"})
_JSON_CELLS = frozenset({"tests", "requirements", "history", "hidden", "user"})
_EXPECTED = {bool: "true or false", int: "a whole number", float: "a number"}


def state_rows(path: Path | str, *, domain: str = "coding", skip_bad: bool = False) -> Rows[State]:
    """The rows of a states file, checked but not completed; `.read`, `.bad` and `.problems` tell what was left out.

    CSV is told by the file's name, on stdin by its first line. Its columns tests, requirements, history, hidden and
    user hold JSON. `domain` holds for rows that name none.
    Raises, while iterating: DataError for a CSV header that does not fit, and at the first bad row unless `skip_bad`.
    """

    def parse(row: Any) -> State:
        values = _cell_values(row) if isinstance(row, _Cells) else row
        return parse_state(values, domain, Path(path).name)

    return _StateRows(path, parse, skip_bad=skip_bad, kind="state", key=attrgetter("id"))


def ready_rows(path: Path | str, *, skip_bad: bool = False) -> Rows[State]:
    """The rows of a file of `calibrate states`: complete, as rollouts need them.

    Raises, while iterating: DataError at the first row that is not (unless `skip_bad`), with the command for it.
    """

    def parse(row: Any) -> State:
        _refuse_incomplete(row, "FILE" if str(path) == STDIN else str(path))
        return parse_state(row, "", "")

    return Rows(path, parse, skip_bad=skip_bad, kind="state", key=attrgetter("id"))


def _refuse_incomplete(row: Any, file: str) -> None:
    if not isinstance(row, dict) or not isinstance(row.get("query"), str):
        return
    missing = [key for key in ("id", "domain", "query_clarity", "task_complexity") if row.get(key) is None]
    if missing:
        raise ValueError(
            f"state has no {' and no '.join(map(repr, missing))} yet; complete it with: tactful calibrate states "
            f"--mode dataset --domain {row.get('domain') or 'coding'} --input {file} --out states.jsonl"
        )


def parse_state(row: Any, domain: str, source: str) -> State:
    """The state that a row of the user's stands for; `domain` where it names none. Raises ValueError."""
    if not isinstance(row, dict):
        raise ValueError(f"state is {shorten(row)}, expected an object with a 'query'")
    refuse_named(row, "states")
    query = row.get("query")
    if "query" not in row:
        raise ValueError(f"state has no 'query'; its keys are {', '.join(map(str, row)) or 'none'}")
    if not isinstance(query, str) or not query.strip():
        raise ValueError(f"state has query {shorten(query)}, expected text")
    if not domain and "domain" not in row:
        raise ValueError(
            "state names no domain; write one in the row, or give --domain for all that name none"
        )
    filled = {"domain": domain, "source": source, "lang": detect_lang(query), **row}
    filled.setdefault("id", f"row-{content_hash(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))[:12]}")
    filled.setdefault("group", filled["id"])
    problems = [
        f"state has the unknown key '{key}', expected some of {', '.join(ROW_KEYS)}"
        for key in sorted(set(row) - _KNOWN_KEYS)
    ]
    known = {key: value for key, value in filled.items() if key in _KNOWN_KEYS}
    try:
        state = State.model_validate(known)
    except ValidationError as error:
        raise ValueError("; ".join([*problems, describe(error, "state", hide="hidden")])) from None
    problems += _problems(state, known)
    if problems:
        raise ValueError("; ".join(problems))
    return state


def _problems(state: State, row: Mapping[str, Any]) -> list[str]:
    """What is wrong with a state although every value has its type."""
    read = state.model_dump()
    problems = [
        f"state has {place} {shorten(raw)}, expected {expected}"
        for place, raw, expected in _misread(row, {**read["hidden"], **read})
    ]
    for name in ("id", "domain"):
        if not getattr(state, name).strip():
            problems.append(f"state has {name} {shorten(getattr(state, name))}, expected text")
    for name in _COUNTS:
        if getattr(state, name) > MOST_COUNTED:
            problems.append(f"state has {name} {getattr(state, name)}, expected at most {MOST_COUNTED}")
    return problems + broken_checks(state.hidden.requirements)


def _misread(raw: Any, read: Any, place: str = "") -> Iterator[tuple[str, Any, str]]:
    """(place, value, what was expected) where text or true passed for a number, or a number for true."""
    if isinstance(raw, Mapping) and isinstance(read, Mapping):
        for key in raw:
            if key in read:
                yield from _misread(raw[key], read[key], f"{place} {key}".strip())
    elif isinstance(raw, list) and isinstance(read, Sequence):
        for number, (given, taken) in enumerate(zip(raw, read, strict=True), start=1):
            yield from _misread(given, taken, f"{place} (item {number})")
    elif isinstance(read, bool | int | float) and (
        isinstance(raw, str) or isinstance(raw, bool) is not isinstance(read, bool)
    ):
        yield place, raw, _EXPECTED[type(read)]


# ---------------------------------------------------------------- CSV


class _Cells(dict[str | None, Any]):
    """One row of a CSV file: column → text; under None what stands beyond the last column."""


def _cell_values(cells: _Cells) -> dict[str, Any]:
    """The object that a CSV row stands for: empty cells are missing keys, some columns hold JSON or numbers."""
    if None in cells:
        raise ValueError("row has more cells than the header; quote cells that hold commas")
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if name is None or cell is None or cell == "":
            continue
        row[name] = _json_cell(name, cell) if name in _JSON_CELLS else cell
        if name in _NUMBERS:
            row[name] = _number_cell(cell)
    return row


def _json_cell(name: str, cell: str) -> Any:
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        raise ValueError(f"state has {name} {shorten(cell)}, expected JSON in this cell") from None


def _number_cell(cell: str) -> Any:
    """The number that a cell spells; the cell itself when it spells none."""
    for type_ in (int, float):
        try:
            return type_(cell)
        except ValueError:
            continue
    return cell


class _StateRows(Rows[State]):
    """Rows of JSONL, or of CSV with a header."""

    def _rows(self) -> Iterator[tuple[int, Any]]:
        if self.path == STDIN:
            return self._piped()
        if self.path.lower().endswith(".csv"):
            return self._csv(_file_lines(self.path))
        return super()._rows()

    def _piped(self) -> Iterator[tuple[int, Any]]:
        lines = iter(sys.stdin.buffer)
        first = next(lines, b"")
        whole = chain([first], lines)
        if _looks_like_header(first):
            yield from self._csv(_decoded(whole, self.name))
        else:
            yield from self._numbered(whole)

    def _csv(self, lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
        start = 1
        reader = csv.DictReader(lines, strict=True)
        try:
            self._refuse_header(reader.fieldnames)
            start = reader.line_num
            for row in reader:
                yield max(start + 1, 2), _Cells(row)
                start = reader.line_num
        except csv.Error as error:
            self.read += 1
            self._reject(start + 1, f"is not CSV ({error}); the rest of the file is not read")

    def _refuse_header(self, found: Sequence[str] | None) -> None:
        """Raises DataError, also with `skip_bad`: under a wrong header no row can be read."""
        if not found:
            return
        columns = f"the columns are {', '.join(map(repr, found))}"
        twice = sorted({name for name in found if found.count(name) > 1})
        other = [mark for mark in (";", "\t", "|") if len(found) == 1 and mark in found[0]]
        if other:
            problem, fix = f"{columns}: cells are separated by {other[0]!r}", "save it with commas"
        elif twice:
            problem, fix = f"has the column {twice[0]!r} more than once", "keep one of them"
        elif "query" not in found:
            problem, fix = f"has no column 'query'; {columns}", "name one of them 'query'"
        else:
            return
        raise DataError.at(self.name, 1, problem, fix=fix)


def _looks_like_header(line: bytes) -> bool:
    """Whether the first line of a pipe is a CSV header rather than JSON."""
    bare = line.removeprefix(b"\xef\xbb\xbf").strip()
    if not bare or bare[:1] in b"{[":
        return False
    try:
        orjson.loads(bare)
    except orjson.JSONDecodeError:
        return b"query" in bare or b"," in bare
    return False


def _file_lines(path: str) -> Iterator[str]:
    with opened_file(path) as file:
        yield from _decoded(file, path)


def _decoded(lines: Iterable[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError.at(name, number, "is not UTF-8 text", fix="save it as UTF-8") from error
