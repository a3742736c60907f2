"""Files that are either the old one or the new one, never half: temp file, fsync, rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tactful.errors import UserError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


@contextmanager
def atomic_write(path: Path | str, *, mode: int = PRIVATE_FILE) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends well.

    Until then, and for ever if the block or the disk fails, `path` keeps its old content. The new file is on
    the disk (fsync of file and folder) before this returns. A symbolic link is followed: its target is replaced.

    Raises: OSError (a full disk, a missing folder); the temporary file is gone by then.
    """
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def write_atomic(path: Path | str, chunks: Iterable[bytes], *, mode: int = PRIVATE_FILE) -> None:
    """Replace `path` by the chunks, as `atomic_write` does. The chunks are written one by one, never gathered."""
    with atomic_write(path, mode=mode) as file:
        for chunk in chunks:
            file.write(chunk)


def make_private_folder(path: Path) -> None:
    """Create `path` and its missing parents; only `path` itself gets mode 0700.

    Raises: UserError where it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{path}: the folder cannot be made ({error.strerror}); name one in --out in a place that you may write to"
        ) from error


def make_private_file(path: Path) -> None:
    """Create an empty file of mode 0600 unless it exists: SQLite opens it and gives its side files the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
