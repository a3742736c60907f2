"""Files that are either the old one or the new one, never half: temp file, fsync, rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from tactful.errors import UserError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class CannotWrite(UserError):
    """The disk refused: full, read-only, a folder that is missing or not ours, links in a circle."""


@contextmanager
def atomic_write(path: Path | str, *, mode: int = PRIVATE_FILE, follow: bool = True) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends well.

    Until then, and for ever if the block or the disk fails, `path` keeps its old content. The new file is on
    the disk (fsync of file and folder) before this returns. A symbolic link is followed, its target replaced, but
    not without `follow`: then the link itself is, as is right in a folder that may be a stranger's.

    Raises: CannotWrite; the temporary file is gone by then.
    """
    target = Path(os.path.realpath(path)) if follow else Path(path)
    with _told(target):
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


def is_half_written(name: str) -> bool:
    """Whether a file of this name is what `atomic_write` left behind when its process was killed."""
    return name.startswith(".") and name.endswith(".tmp")


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """What the disk says as a sentence. An OSError about another place, one that is read meanwhile, passes."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and Path(os.fsdecode(error.filename)).parent != target.parent:
            raise
        raise CannotWrite(
            f"{target}: cannot be written ({error.strerror}); check the folder and the free space"
        ) from error


def write_atomic(
    path: Path | str, chunks: Iterable[bytes], *, mode: int = PRIVATE_FILE, follow: bool = True
) -> int:
    """Replace `path` by the chunks, as `atomic_write` does; how many there were. They are written one by one, never gathered."""
    with atomic_write(path, mode=mode, follow=follow) as file:
        return sum(1 for _ in map(file.write, chunks))


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Create `path`, with that mode, and its missing parents; what exists stays. Raises: CannotWrite."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        why = error.strerror
        if isinstance(error, FileExistsError):
            why = "a file or a link that leads nowhere stands in its place"
        raise CannotWrite(
            f"{path}: the folder cannot be made ({why}); name one in a place that you may write to "
            "(--out, where the command has it)"
        ) from error


def make_private_folder(path: Path) -> None:
    """Create `path` and its missing parents; only `path` itself gets mode 0700. Raises: CannotWrite."""
    make_folder(path, PRIVATE_FOLDER)


def make_private_file(path: Path) -> None:
    """Create an empty file of mode 0600 unless it exists: SQLite opens it and gives its side files the same mode.

    What exists is not opened: closing it would give up the locks that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
