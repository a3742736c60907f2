"""From a fresh fork to a caged process: limits, no privileges, Landlock, seccomp, and proof that they hold."""

from __future__ import annotations

import os
import resource
import signal
import struct
from dataclasses import dataclass

from . import landlock, libc, seccomp

NOBODY = 65534
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_MAX_FILES = 64
_MAX_FILE_BYTES = 1 << 20
_SPARE_TASKS = 64
"""Threads that a program may have beyond what its user already runs."""
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}


class CageFailed(Exception):
    """A layer of the cage could not be set up or does not hold; nothing may be run."""


@dataclass(frozen=True)
class Cage:
    """The layers, prepared once by the fork server."""

    ruleset: int | None
    """Landlock ruleset descriptor; None only where the user allowed running without a cage."""
    program: bytes | None
    """Seccomp filter; None as above."""
    base_bytes: int
    """Address space of the server itself; a job's memory limit is on top of it."""
    tasks: int
    """Tasks that the job's user runs already."""


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (bound, bound))


def _drop_privileges() -> None:
    """Become nobody when root; where that is not possible (one-user namespaces) at least lose every capability."""
    if os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        libc.syscall(_SYS_CAPSET[os.uname().machine], struct.pack("<Ii", 0x20080522, 0), bytes(24))


def tasks_of(uid: int) -> int:
    """How many tasks (threads) the user runs, as far as /proc shows."""
    total = 0
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            if os.stat(f"/proc/{entry}").st_uid == uid:
                total += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:
            continue
    return total


def enter(cage: Cage, *, server: int, memory_bytes: int, cpu_s: int) -> None:
    """Cage this process for good. Raises CageFailed or OSError, after which it must end without running anything."""
    os.setsid()
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, cpu_s)
    _limit(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, _MAX_FILES)
    _limit(resource.RLIMIT_AS, cage.base_bytes + memory_bytes)
    _limit(resource.RLIMIT_NPROC, cage.tasks + _SPARE_TASKS)
    _drop_privileges()
    libc.prctl(_PR_SET_DUMPABLE, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        raise CageFailed("the fork server is gone")
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if cage.ruleset is not None:
        landlock.restrict(cage.ruleset)
        os.close(cage.ruleset)
        if not landlock.proven():
            raise CageFailed("Landlock does not hold")
    if cage.program is not None:
        seccomp.install(seccomp.for_process(cage.program, os.getpid()))
        if not seccomp.proven():
            raise CageFailed("seccomp does not hold")
