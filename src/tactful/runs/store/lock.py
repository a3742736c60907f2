"""One writer per run folder.

The lock belongs to the open file (Linux's open file description locks), so that whoever only looks can ask for it
without taking it: a look never makes a start fail.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tactful.errors import RunLocked, UserError
from tactful.runs.store.files import PRIVATE_FILE

LOCK_NAME = "run.lock"
_LOCK = struct.Struct("@hhqqi4x")
"""`struct flock` of 64-bit Linux: kind, whence, start, length (0: to the end), process."""
_WHOLE_FILE = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


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
            fcntl.fcntl(handle, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        except BlockingIOError:
            raise RunLocked(
                f"{folder}: process {_holder(handle)} is writing to this run; wait for it, stop it, or use another --out"
            ) from None
        with suppress(OSError):  # a full disk is told by whoever writes what matters
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
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
    try:
        kind, *_ = _LOCK.unpack_from(fcntl.fcntl(handle, fcntl.F_OFD_GETLK, _WHOLE_FILE))
        return bool(kind != fcntl.F_UNLCK)
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    return os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "(unknown)"
