"""System calls that Python does not offer, through the C library that it is linked with."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
Argument = int | bytes | None


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _converted(argument: Argument) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def syscall(number: int, *arguments: Argument) -> int:
    """The result of a system call. Raises OSError."""
    return _checked(_libc.syscall(ctypes.c_long(number), *map(_converted, arguments)))


def prctl(option: int, *arguments: Argument) -> int:
    """The result of prctl; missing arguments are 0. Raises OSError."""
    padded = [*arguments, 0, 0, 0, 0][:4]
    return _checked(_libc.prctl(ctypes.c_int(option), *map(_converted, padded)))


def address_of(buffer: ctypes.Array[ctypes.c_char]) -> int:
    """Where the buffer lies in memory; keep the buffer alive while the number is used."""
    return ctypes.addressof(buffer)
