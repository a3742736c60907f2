"""From a fresh fork to a caged process: limits, no privileges, Landlock, seccomp, and proof that they hold."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from dataclasses import dataclass

from . import landlock, seccomp

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
    seccomp: bool
    base_bytes: int
    """Address space of the server itself; a job's memory limit is on top of it."""
    tasks: int
    """Tasks that the job's user runs already."""


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise CageFailed(f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")


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
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        nothing = (ctypes.c_uint32 * 6)()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(_SYS_CAPSET[os.uname().machine], header, nothing) != 0:
            raise CageFailed("root's capabilities could not be dropped") from None


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
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        raise CageFailed("the fork server is gone")
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if cage.ruleset is not None:
        landlock.restrict(cage.ruleset)
        os.close(cage.ruleset)
        if not landlock.proven():
            raise CageFailed("Landlock does not hold")
    if cage.seccomp:
        seccomp.install(seccomp.build(os.getpid()))
        if not seccomp.proven():
            raise CageFailed("seccomp does not hold")
