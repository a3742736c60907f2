"""One writer per run folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tactful.errors import RunLocked, UserError
from tactful.runs.store.files import PRIVATE_FILE

LOCK_NAME = "run.lock"


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel lets go of it when this process ends, however it ends.

    Raises: RunLocked at once, naming the process that holds it; UserError where the folder cannot be written to.
    """
    try:
        handle = os.open(folder / LOCK_NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written to ({error.strerror}); name another folder in --out"
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLocked(
                f"{folder}: process {_holder(handle)} is writing to this run; wait for it, stop it, or use another --out"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def is_locked(folder: Path) -> bool:
    """True while some process writes to this run."""
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    return os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "(unknown)"
