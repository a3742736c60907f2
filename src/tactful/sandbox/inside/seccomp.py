"""The system calls that a caged program may make: an allow-list, as a BPF program built by hand.

What is not listed fails with EPERM, so that Python raises PermissionError; `clone3` fails with ENOSYS, so that the
C library falls back to `clone`, whose flags can be seen (clone3 passes them in memory). A call of another
architecture kills the process. Arguments are looked at where a harmless call has harmful forms.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct

from . import libc

_CALLS = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, close 3 57, lseek 8 62,
dup 32 23, dup2 33 -, dup3 292 24, fstat 5 80, newfstatat 262 79, stat 4 -, lstat 6 -, statx 332 291,
openat 257 56, open 2 -, access 21 -, faccessat 269 48, faccessat2 439 439, getdents64 217 61, getcwd 79 17,
mmap 9 222, munmap 11 215, mremap 25 216, mprotect 10 226, brk 12 214, madvise 28 233, futex 202 98,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigsuspend 130 133,
rt_sigtimedwait 128 137, sigaltstack 131 132, restart_syscall 219 128, set_robust_list 273 99, rseq 334 293,
membarrier 324 283, set_tid_address 218 96, arch_prctl 158 -, exit 60 93, exit_group 231 94,
sched_yield 24 124, sched_getaffinity 204 123, getcpu 309 168, nanosleep 35 101, clock_nanosleep 230 115,
clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169, time 201 -, times 100 153, getrusage 98 165,
getpid 39 172, gettid 186 178, getppid 110 173, getuid 102 174, geteuid 107 175, getgid 104 176,
getegid 108 177, getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgrp 111 -, uname 63 160,
getrlimit 97 163, getrandom 318 278, select 23 -, pselect6 270 72, poll 7 -, ppoll 271 73,
epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22,
epoll_pwait2 441 441, eventfd2 290 19, pipe 22 -, pipe2 293 59, recvfrom 45 207, shutdown 48 210,
getsockopt 55 209, getsockname 51 204, getpeername 52 205, alarm 37 -, pause 34 -, setitimer 38 103,
getitimer 36 102
"""
_LOOKED_AT = """
fcntl 72 25, ioctl 16 29, kill 62 129, tgkill 234 131, clone 56 220, clone3 435 435, prlimit64 302 261,
socketpair 53 199, sendto 44 206, prctl 157 167
"""

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_COLUMN = {"x86_64": 1, "aarch64": 2}

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERRNO = 0x00050000
_LOAD_CONSTANT = 0x00  # BPF_LD | BPF_IMM
_SHIFT = 0x74  # BPF_ALU | BPF_RSH | BPF_K
_SHIFT_BY_INDEX = 0x7C  # BPF_ALU | BPF_RSH | BPF_X
_TO_INDEX = 0x07  # BPF_MISC | BPF_TAX
_ANY_BIT = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_EPERM = 1
_ENOSYS = 38

_THREAD_FLAGS = (0x3D0F00, 0x7D0F00)
"""What glibc and musl pass to `clone` for a thread of this process; nothing else may be cloned."""
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030)
"""Duplicate, descriptor and status flags, record locks; not F_SETOWN, which sends signals to others."""
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""Is this a terminal, window size, bytes waiting, non-blocking, close-on-exec."""
_PRCTL = (15, 16)
"""Set and get the thread's name."""
_AF_UNIX, _SOCK_STREAM = 1, 1

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

ANY_PID = 0x7F5A17C3
"""Stands for the process's own id: it may signal nobody else. Larger than any process id."""

_Code = list[tuple[int, int, int, int]]


def supported_machine() -> bool:
    """True where we know the system call numbers: x86_64 and aarch64, 64-bit Python."""
    return platform.machine() in _AUDIT_ARCH and ctypes.sizeof(ctypes.c_void_p) == 8


def _numbers(table: str, machine: str) -> dict[str, int]:
    rows = [entry.split() for entry in table.replace("\n", " ").split(",")]
    return {row[0]: int(row[_COLUMN[machine]]) for row in rows if row[_COLUMN[machine]] != "-"}


def _low(argument: int) -> int:
    return 16 + 8 * argument


def _one_of(argument: int, values: tuple[int, ...], mask: int | None = None) -> _Code:
    """Allow when the low half of the argument is one of `values`, else EPERM."""
    code: _Code = [(_LOAD, 0, 0, _low(argument))]
    if mask is not None:
        code.append((_AND, 0, 0, mask))
    for value in values:
        code += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*code, (_RETURN, 0, 0, _ERRNO | _EPERM)]


def _signal(argument: int) -> _Code:
    """A signal to itself, but no SIGKILL: so a program that died of it was killed from outside, by the machine."""
    return [
        (_LOAD, 0, 0, _low(argument)),
        (_EQUAL, 0, 1, signal.SIGKILL),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
        *_one_of(0, (ANY_PID,)),
    ]


def _null(argument: int) -> _Code:
    """Allow when the pointer is NULL, else EPERM."""
    deny = (_RETURN, 0, 0, _ERRNO | _EPERM)
    return [
        (_LOAD, 0, 0, _low(argument)),
        (_EQUAL, 1, 0, 0),
        deny,
        (_LOAD, 0, 0, _low(argument) + 4),
        (_EQUAL, 1, 0, 0),
        deny,
        (_RETURN, 0, 0, _ALLOW),
    ]


def _unix_stream() -> _Code:
    """A connected stream pair: a datagram socket could be pointed at any Unix socket of the machine."""
    family: _Code = [(_LOAD, 0, 0, _low(0)), (_EQUAL, 1, 0, _AF_UNIX), (_RETURN, 0, 0, _ERRNO | _EPERM)]
    return family + _one_of(1, (_SOCK_STREAM,), mask=0xF)


def build(machine: str | None = None) -> bytes:
    """The filter, to be finished by `for_process`. Raises KeyError on machines other than ours."""
    machine = machine or platform.machine()
    numbers = _numbers(_LOOKED_AT, machine)
    looked_at: dict[str, _Code] = {
        "fcntl": _one_of(1, _FCNTL),
        "ioctl": _one_of(1, _IOCTL),
        "kill": _signal(1),
        "tgkill": _signal(2),
        "clone": _one_of(0, _THREAD_FLAGS),
        "clone3": [(_RETURN, 0, 0, _ERRNO | _ENOSYS)],
        "prlimit64": _null(2),
        "socketpair": _unix_stream(),
        "sendto": _null(4),
        "prctl": _one_of(0, _PRCTL),
    }
    code: _Code = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
    ]
    for name, body in looked_at.items():
        code += [(_EQUAL, 0, len(body), numbers[name]), *body]
    code += _listed(set(_numbers(_CALLS, machine).values()))
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in code)


def _listed(numbers: set[int]) -> _Code:
    """Allow the numbers of the list, else EPERM. One bit per call in words of 32: short for the kernel to check."""
    words: dict[int, int] = {}
    for number in numbers:
        words[number >> 5] = words.get(number >> 5, 0) | 1 << (number & 31)
    code: _Code = [(_AND, 0, 0, 31), (_TO_INDEX, 0, 0, 0), (_LOAD, 0, 0, 0), (_SHIFT, 0, 0, 5)]
    for word, bits in words.items():
        decide: _Code = [
            (_LOAD_CONSTANT, 0, 0, bits),
            (_SHIFT_BY_INDEX, 0, 0, 0),
            (_ANY_BIT, 0, 1, 1),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _ERRNO | _EPERM),
        ]
        code += [(_EQUAL, 0, len(decide), word), *decide]
    return [*code, (_RETURN, 0, 0, _ERRNO | _EPERM)]


def for_process(program: bytes, pid: int) -> bytes:
    """The filter built for `ANY_PID`, with the process's own id in its place."""
    return program.replace(struct.pack("<I", ANY_PID), struct.pack("<I", pid))


def available() -> bool:
    """True where the kernel takes filters: it answers EFAULT to an empty pointer."""
    try:
        libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, 0)
    except OSError as error:
        return supported_machine() and error.errno == errno.EFAULT
    return False


def install(program: bytes) -> None:
    """Put the filter on this process, for good. Needs no_new_privs. Raises OSError."""
    instructions = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, libc.address_of(instructions))
    libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, described)


def proven() -> bool:
    """True when the filter is really at work: an internet socket is refused with EPERM."""
    try:
        os.close(libc.syscall(_SOCKET[platform.machine()], 2, 1, 0))
    except OSError as error:
        return error.errno == errno.EPERM
    return False
