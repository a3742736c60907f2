"""Everything that can be looked at below one path: runs, files beside them, files inside them. Nothing else is ever opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from threading import Lock
from urllib.parse import quote

from tactful.errors import DataError
from tactful.types import content_hash
from tactful.viewer.folders.runs import Runs, found_below
from tactful.viewer.look import View
from tactful.viewer.types import Listed, RunRow

MOST_OPEN = 8
"""Runs whose index is followed at a time; the one that was asked for longest ago makes room."""
MOST_FILES = 1000


@dataclass
class _Open:
    view: View
    users: int = 0


class Library:
    """What lies at `path`: a folder with runs and JSONL files, one run, or one file. Any thread may ask."""

    def __init__(self, path: Path | str) -> None:
        """Raises: DataError where nothing is."""
        self.path = Path(path)
        if not self.path.exists():
            raise DataError(f"{self.path}: no such file or folder; runs without --out go to ./runs")
        self._runs = Runs(self.path)
        self._known: dict[str, Listed] = {}
        self._open: dict[str, _Open] = {}
        self._lock = Lock()
        self.only = self._only()
        """The key of the one run or file that `path` is; None for a folder with several."""

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            opened, self._open = self._open, {}
        for one in opened.values():
            one.view.close()

    # ------------------------------------------------------------ what there is

    def runs(self) -> tuple[Listed, ...]:
        """The newest first, damaged ones at the end."""
        if self.path.is_file():
            return ()
        return tuple(self._listed(row.name, Path(row.path), row) for row in self._runs.rows())

    def files(self, run: Listed | None = None) -> tuple[Listed, ...]:
        """JSONL files that lie beside the runs, or inside of one, by name; what is its state is not among them."""
        if self.path.is_file():
            return (self._listed(self.path.name, self.path),)
        found = found_below(self.path if run is None else Path(run.path), inside=run is not None)
        paths = islice((path for path, is_run in found if not is_run), MOST_FILES)
        return tuple(self._listed(str(path.relative_to(self.path)), path) for path in paths)

    def find(self, key: str) -> Listed | None:
        """What has this key, as it is now; None: nothing that is listed."""
        if key not in self._known:
            for run in self.runs():
                self.files(run)
            self.files()
        found = self._known.get(key)
        if found is None or found.run is None:
            return found
        return found.model_copy(update={"run": self._runs.row(Path(found.path))})

    @contextmanager
    def view(self, key: str) -> Iterator[View]:
        """It, open, for the length of a block. Raises: KeyError for a key that is not listed; DataError: damaged."""
        opened, closing = self._take(key)
        for one in closing:
            one.view.close()
        try:
            yield opened.view
        finally:
            with self._lock:
                opened.users -= 1

    def _take(self, key: str) -> tuple[_Open, list[_Open]]:
        found = self._known.get(key) or self.find(key)
        if found is None:
            raise KeyError(key)
        with self._lock:
            opened = self._open.pop(key, None) or _Open(View.open(found.path))
            opened.users += 1
            self._open[key] = opened
            idle = [name for name, one in self._open.items() if not one.users]
            too_many = idle[: max(0, len(self._open) - MOST_OPEN)]
            return opened, [self._open.pop(name) for name in too_many]

    def _only(self) -> str | None:
        if self.path.is_file():
            return self.files()[0].key
        runs = self.runs()
        return runs[0].key if len(runs) == 1 and Path(runs[0].path) == self.path else None

    def _listed(self, name: str, path: Path, run: RunRow | None = None) -> Listed:
        if name == ".":  # a path in an address cannot be that
            name = path.resolve().name or "run"
        key = name.replace(os.sep, ":")
        other = self._known.get(key)
        if not key.isprintable() or not key.strip(".") or (other is not None and other.path != str(path)):
            key = content_hash(os.fsencode(path))
        size, changed_at = 0, None
        if run is None:
            with suppress(OSError):
                about = path.stat()
                size, changed_at = about.st_size, datetime.fromtimestamp(about.st_mtime, UTC)
        found = Listed(key=key, name=name, path=str(path), run=run, size=size, changed_at=changed_at)
        self._known[key] = found
        return found


def address_of(key: str) -> str:
    """The key as it stands in the path of an address."""
    return quote(key, safe=":")
