"""From a fresh fork to a caged process: limits, no privileges, Landlock, seccomp, and proof that they hold."""

from __future__ import annotations

import os
import resource
import signal
import struct
from dataclasses import dataclass

from . import landlock, libc, seccomp

NOBODY = 65534
_OWN_UIDS = 0x7000_0000
"""From here on no system gives out user ids; a fork server takes one of 2**28 for its jobs."""
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_MAX_FILES = 64
_MAX_FILE_BYTES = 1 << 20
_SPARE_TASKS = 64
"""Threads that a program may have beyond what its user already runs."""
_SPARE_CPU_S = 1
"""Between the signal that says that the processor time is used up and the kernel's kill."""
_SYS_CAPSET = {"x86_64": 126, "aarch64": 91}
_SYS_UNSHARE = {"x86_64": 272, "aarch64": 97}
_CLONE_NEWUSER = 0x1000_0000


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
    who: Who


@dataclass(frozen=True)
class Who:
    """The user that jobs run as. The kernel counts threads by user, so jobs of one user can starve each other."""

    uid: int
    tasks: int
    """Tasks that count as this user's already."""
    alone: bool
    """Nobody else's tasks count: what a job may start does not depend on what runs beside it."""


def choose_who() -> Who:
    """A user of this server's own: a free id where we are root, else a user namespace; as a last resort a shared one."""
    if os.geteuid() == 0:
        own = _OWN_UIDS | int.from_bytes(os.urandom(4)) & 0x0FFF_FFFF
        return Who(own, 0, alone=True) if _mapped(own) else Who(NOBODY, tasks_of(NOBODY), alone=False)
    uid = os.geteuid()
    if not _counts_by_namespace():
        return Who(uid, tasks_of(uid), alone=False)
    try:
        libc.syscall(_SYS_UNSHARE[os.uname().machine], _CLONE_NEWUSER)
    except OSError:  # switched off on this machine
        return Who(uid, tasks_of(uid), alone=False)
    _lose_capabilities()
    return Who(uid, 1, alone=True)


def _counts_by_namespace() -> bool:
    """Since Linux 5.14 the limit on tasks is kept for each user namespace."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int("".join(filter(str.isdigit, minor)) or 0)) >= (5, 14)


def _mapped(uid: int) -> bool:
    """Whether this id exists in our user namespace."""
    with open("/proc/self/uid_map") as file:
        ranges = [[int(word) for word in line.split()] for line in file]
    return any(first <= uid < first + count for first, _, count in ranges)


def _limit(what: int, value: int, spare: int = 0) -> None:
    hard = resource.getrlimit(what)[1]
    bound, last = (
        item if hard == resource.RLIM_INFINITY else min(item, hard) for item in (value, value + spare)
    )
    resource.setrlimit(what, (bound, last))


def _lose_capabilities() -> None:
    libc.syscall(_SYS_CAPSET[os.uname().machine], struct.pack("<Ii", 0x20080522, 0), bytes(24))


def _drop_privileges(uid: int) -> None:
    """Become `uid` when root; where that is not possible (one-user namespaces) at least lose every capability."""
    if os.geteuid() != 0:
        return
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(uid, uid, uid)
    except OSError:
        _lose_capabilities()


def can_list(uid: int, folder: str) -> bool:
    """Whether jobs of this user can look into a folder, as a child finds that becomes this user."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _drop_privileges(uid)
            os.listdir(folder)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


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
    _limit(resource.RLIMIT_CPU, cpu_s, _SPARE_CPU_S)
    _limit(resource.RLIMIT_FSIZE, _MAX_FILE_BYTES)
    _limit(resource.RLIMIT_NOFILE, _MAX_FILES)
    _limit(resource.RLIMIT_AS, cage.base_bytes + memory_bytes)
    _limit(resource.RLIMIT_NPROC, cage.who.tasks + _SPARE_TASKS)
    _drop_privileges(cage.who.uid)
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
