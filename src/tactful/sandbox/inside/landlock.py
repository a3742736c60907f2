"""Landlock through ctypes: which files a caged program may read. It may write none.

Numbers and meanings as in the kernel's documentation of its user interface (linux/landlock.h).
"""

from __future__ import annotations

import os
import struct

from . import libc

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""(ABI, number of file rights that it knows)."""
_NET_ABI, _SCOPE_ABI = 4, 6
_RULE_PATH_BENEATH = 1


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    try:
        return libc.syscall(_CREATE, None, 0, 1)
    except OSError:
        return 0


def create(readable: list[str]) -> int:
    """A ruleset, as descriptor: everything this kernel can forbid, but reading beneath `readable`.

    From ABI 4 TCP is forbidden too, from ABI 6 signals and abstract sockets to processes outside.
    Raises OSError where Landlock is missing or switched off.
    """
    version = abi()
    if version < 1:
        raise OSError("this kernel has no Landlock")
    rights = (1 << max(count for known, count in _FILE_RIGHTS if known <= version)) - 1
    fields = [rights]
    if version >= _NET_ABI:
        fields.append(0b11)
    if version >= _SCOPE_ABI:
        fields.append(0b11)
    attributes = struct.pack(f"<{len(fields)}Q", *fields)
    ruleset = libc.syscall(_CREATE, attributes, len(attributes), 0)
    for path in readable:
        _allow_reading(ruleset, path)
    return ruleset


def _allow_reading(ruleset: int, path: str) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = _READ_FILE | (_READ_DIR if os.path.isdir(path) else 0)
        rule = struct.pack("<Qi", allowed, parent)
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(parent)


def restrict(ruleset: int) -> None:
    """Put this process under the ruleset, for good. Needs no_new_privs. Raises OSError."""
    libc.syscall(_RESTRICT, ruleset, 0)


def proven() -> bool:
    """True when the rules are really at work: the root folder cannot be listed."""
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        return True
    return False
