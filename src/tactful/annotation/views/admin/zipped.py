"""A folder as a zip that is sent while it is made: memory holds a piece of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PIECE = 256 * 1024


class _Sent(io.RawIOBase):
    """What was written and not yet sent. It cannot seek, so zipfile writes sizes behind each file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any, /) -> int:
        """Keep a piece until it is sent."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """Everything so far."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(folder: Path) -> Iterator[bytes]:
    """The files of a folder, pieces of one zip in turn."""
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            with (
                path.open("rb") as source,
                archive.open(zipfile.ZipInfo.from_file(path, path.name), "w") as to,
            ):
                while piece := source.read(_PIECE):
                    to.write(piece)
                    yield sent.taken()
    yield sent.taken()
