"""Whether a command's input is still what it was: files and folders among its words, told by what they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_WRITTEN_TO = ("--cache", "--html", "--run")
"""Flags whose file or folder is no input, but changes with each run."""
_READ_WHOLE_BYTES = 64_000_000
"""A larger file, a model's weights for example, is told by its size and the time it was written."""


class Contents:
    """Reads each file once."""

    def __init__(self, out: Path) -> None:
        self._out = os.path.abspath(out)
        """What is below is written by the commands, and no input."""
        self._known: dict[str, str] = {}

    def of(self, words: Sequence[str]) -> dict[str, str]:
        """`states.jsonl` or `--personas own.toml` → what tells its content, of all that is a file or folder."""
        found: dict[str, str] = {}
        flag = ""
        for word in words:
            given = word
            if word.startswith("--"):
                flag, _, given = word.partition("=")  # `--personas=own.toml`
                if not given:
                    continue
            for one in (given, *given.split(",")):  # `own.toml,fast`
                for place in (one, one.partition(":")[2]):  # `policy:runs/policy`
                    if flag not in _WRITTEN_TO and place and os.path.exists(place):
                        found[f"{flag} {place}".lstrip()] = self._digest(place)
            flag = ""
        return found

    def _digest(self, place: str) -> str:
        if place not in self._known:
            digest = hashlib.sha256()
            for file in self._files(Path(place)):
                digest.update(f"{file}\0".encode("utf-8", "surrogateescape"))
                try:
                    digest.update(_told(file))
                except OSError:  # unreadable, or gone meanwhile: the command itself says so
                    digest.update(b"?")
            self._known[place] = digest.hexdigest()
        return self._known[place]

    def _files(self, place: Path) -> Iterator[Path]:
        if place.is_file():
            yield place
        for where, folders, names in os.walk(place):
            folders[:] = sorted(
                name
                for name in folders
                if name[0] != "." and os.path.abspath(os.path.join(where, name)) != self._out
            )
            for name in sorted(names):
                used = ".sqlite" in name or name.endswith(".lock")  # by reading a run
                if name[0] != "." and not used and Path(where, name).is_file():
                    yield Path(where, name)


def _told(file: Path) -> bytes:
    status = file.stat()
    if status.st_size > _READ_WHOLE_BYTES:
        return f"{status.st_size} {status.st_mtime_ns}".encode()
    return hashlib.sha256(file.read_bytes()).digest()
