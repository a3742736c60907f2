"""Which of the things that people can be asked about a file or folder is, or what else it is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tactful.annotation.votes import ITEMS
from tactful.data.check import detect_kind
from tactful.data.formats.traces import trace_files
from tactful.data.io import STDIN, Rows
from tactful.data.logs import is_log, log_input
from tactful.data.recognise import TAKEN_BY
from tactful.errors import DataError, UsageError, UserError
from tactful.runs import resolve_input
from tactful.sources import is_folder

TAKEN = "moments, traces, episodes of the gym, pairs, states, chat logs, labelled or judged turns, or items that were exported"


def what_it_is(path: Path) -> tuple[str, Path]:
    """(kind, the file or folder to read) of what the user gave; kinds are those of `tactful data check`, with `traces` and `requests`.

    Raises: DataError for what is not there, is empty or is not recognised; UsageError for standard input.
    """
    if str(path) == STDIN:
        raise UsageError("standard input is read once, and these files more than once; write it to a file")
    if (path / ITEMS).is_file():
        path = path / ITEMS
    if path.exists() and not (path / "run.json").exists() and trace_files(path):
        return "traces", path
    several = [one.name for one in sorted(path.glob("*/")) if trace_files(one)] if path.is_dir() else []
    if several:
        raise DataError.at(
            path,
            None,
            f"holds a folder for each of {', '.join(several)}",
            fix=f"give one: {path / several[0]}",
        )
    place = log_input(path) if is_folder(path) else resolve_input(path)
    if place.is_file() and not place.stat().st_size:
        raise DataError.at(path, None, "is empty", fix=f"give {TAKEN}")
    first = _first(place)
    if "needs_clarification" in first or {"text", "label"} <= first.keys():
        return "requests", place
    try:
        kind = detect_kind(place)
        return ("chats" if kind == "llama-factory" and is_log(place) else kind), place
    except UsageError:
        raise DataError.at(path, None, "holds nothing that is recognised", fix=f"give {TAKEN}") from None


def refusal(path: Path, kind: str) -> DataError:
    """What to say of a file that nobody is asked about."""
    taker = TAKEN_BY.get(kind)
    goes_on = f" ('tactful {taker} {shlex.quote(str(path))}' takes it)" if taker else ""
    return DataError.at(
        path, None, f"holds '{kind}', about which nobody is asked{goes_on}", fix=f"give {TAKEN}"
    )


def _first(path: Path) -> Mapping[str, Any]:
    """The first row that is an object; empty where there is none."""
    if path.is_dir() or path.suffix.lower() not in (".jsonl", ".ndjson", ".jsonlines"):
        return {}
    try:
        return next(iter(Rows(path, _as_mapping, skip_bad=True)), {})
    except UserError:  # its reader tells of it
        return {}


def _as_mapping(row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise ValueError("is no object")
    return row
