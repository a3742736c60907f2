"""The runs under a folder, each in a row; one that is broken is a row too, with its reason."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any

from tactful.errors import DataError, UserError
from tactful.runs.read.folder import RunFolder, RunInfo
from tactful.runs.read.report import RunLine, run_line
from tactful.runs.store.lock import is_locked
from tactful.viewer.types import RunRow, Standing

MOST_DEEP = 4
"""Folders below the one that is looked at; `calibrate demo` puts its runs two below."""
MOST_FIGURES = 8
_OF_A_RUN = frozenset({"records.jsonl", "failures.jsonl"})
"""Written from the run's state, which is looked at itself."""
_COUNTS = {"read", "done", "failed", "skipped", "unscored"}
"""Of records; a row has them from the run itself."""
_STANDINGS: Mapping[str, Standing] = {
    "running": "going", "done": "done", "interrupted": "stopped", "killed": "stopped", "unreadable": "damaged",
}  # fmt: skip
_WATCHED = ("run.json", "run.sqlite", "run.sqlite-wal", "summary.json")


class Runs:
    """The runs under `root`. What a run's files say is kept until one of them changes, so that hundreds of large runs
    are told in no time after the first look."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._kept: dict[Path, tuple[object, RunRow]] = {}

    def rows(self) -> tuple[RunRow, ...]:
        """The newest first, damaged ones at the end. Raises: DataError when there is no such folder."""
        if not self.root.is_dir():
            raise DataError(f"{self.root}: no such folder; runs without --out go to ./runs")
        found: dict[Path, tuple[object, RunRow]] = {}
        for path, is_run in found_below(self.root):
            if is_run:
                found[path] = self._look(path)
        self._kept = found
        return tuple(sorted((row for _, row in found.values()), key=lambda row: row.started_at, reverse=True))

    def row(self, path: Path) -> RunRow:
        """One of them, as it is now."""
        self._kept[path] = self._look(path)
        return self._kept[path][1]

    def _look(self, path: Path) -> tuple[object, RunRow]:
        signs, kept = _signs(path), self._kept.get(path)
        if kept is not None and kept[0] == signs:
            return kept
        return signs, run_row(path, "." if path == self.root else str(path.relative_to(self.root)))


def found_below(root: Path, *, inside: bool = False) -> Iterator[tuple[Path, bool]]:
    """(path, whether it is a run) of the run folders and JSONL files at and below `root`, sorted; none by links, in hidden
    folders or, but for the root itself with `inside`, in runs."""

    def below(folder: Path, deep: int) -> Iterator[tuple[Path, bool]]:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # whether it is a run cannot be seen: the row will say so
            yield folder, True
            return
        is_run = any(entry.name in ("run.json", "run.sqlite") for entry in entries)
        if is_run and not (inside and deep == 0):
            yield folder, True
            return
        for entry in entries:
            if entry.name.startswith(".") or (is_run and entry.name in _OF_A_RUN):
                continue
            if entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                yield Path(entry.path), False
            elif deep < MOST_DEEP and entry.is_dir(follow_symlinks=False):
                yield from below(Path(entry.path), deep + 1)

    return below(root, 0)


def run_row(path: Path, name: str = "") -> RunRow:
    """The run in `path`; a damaged one with what is wrong with it, never an error."""
    folder = RunFolder(path)
    line = run_line(folder)
    name = name or line.name
    if line.problem:
        return RunRow(name=name, path=str(path), standing="damaged", problem=line.problem)
    try:
        return _told(folder.info(), line, name, _generator(folder))
    except (UserError, OSError) as error:  # it was taken away meanwhile
        return RunRow(name=name, path=str(path), standing="damaged", problem=str(error))


def _told(info: RunInfo, line: RunLine, name: str, generator: str) -> RunRow:
    models = tuple(dict.fromkeys(str(model.get("name", "")) for model in info.models.values()))
    usage = line.usage
    return RunRow(
        name=name,
        path=line.path,
        command=line.command,
        standing=_STANDINGS[line.standing],
        problem=info.why_stopped if line.standing != "killed" else "its process ended without a word",
        started_at=info.started_at.astimezone(UTC).isoformat(timespec="seconds"),
        **line.model_dump(include=_COUNTS),
        calls=usage.calls,
        tokens=usage.prompt_tokens + usage.completion_tokens,
        cost_usd=usage.cost_usd,
        models=models,
        offline="offline" in (generator, *models),
        figures=_figures(Path(line.path) / "summary.json"),
    )


def _generator(folder: RunFolder) -> str:
    """Who spoke, by the first stored record: rules and models that were played offline are no models of the run."""
    with closing(folder.state()) as state:
        first = next((row for row in state.rows("done") if not row.damaged), None)
    try:
        found = json.loads(first.result.lines.splitlines()[0]) if first is not None else {}
        return str(found["provenance"]["generator"])
    except (ValueError, LookupError, TypeError):
        return ""


def _figures(path: Path) -> dict[str, float]:
    """The first numbers of the summary that are not 0, by dotted name; none where it is missing or unreadable."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    told = {*_COUNTS, "usage"}
    new = (one for one in _numbers(found, "") if one[1] and told.isdisjoint(one[0].split(".")))
    return dict(islice(new, MOST_FIGURES))


def _numbers(found: Any, name: str) -> Iterator[tuple[str, float]]:
    """Numbers two levels down at most; an estimate (value, low, high) is its value."""
    if not isinstance(found, dict) or name.count(".") > 1:
        return
    for key, inner in found.items():
        dotted = f"{name}.{key}".lstrip(".")
        value = inner.get("value") if isinstance(inner, dict) else inner
        if isinstance(value, int | float) and not isinstance(value, bool):
            if abs(value) <= sys.float_info.max:  # which NaN is not, either
                yield dotted, float(value)
        else:
            yield from _numbers(inner, dotted)


def _signs(path: Path) -> object:
    """What differs once a row may have changed; whoever holds the lock may die without touching a file. An empty
    file, as reading SQLite leaves one, is as good as none."""
    found: list[object] = []
    for name in _WATCHED:
        try:
            about = os.stat(path / name)
        except OSError as error:
            found.append(error.errno)
        else:
            found.append((about.st_ino, about.st_size, about.st_mtime_ns) if about.st_size else errno.ENOENT)
    try:
        found.append(is_locked(path))
    except UserError as error:
        found.append(str(error))
    return found
