"""The fork server: a clean process that has the standard library loaded and forks one caged child per job.

It is started by exec with an empty environment, so that no key was ever in it, and never sees a job: program and
tests go from the parent to the child over the child's own socket, so nothing of one job is left for the next.

Requests are datagrams: `fork` with two descriptors (the child's socket, its output) is answered by the child's
process id; `waited` by how long others kept it from a processor; `end` kills the child's group, reaps it and is
answered by how it ended. When the parent is gone the child is killed and the server ends.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys
import time
import warnings

from . import cage, landlock, seccomp
from .child import read_exactly, ready_for_jobs, run_job

CAGE_FAILED = 77
"""Exit status of a child whose cage did not hold."""
END, END_ITSELF = b"E", b"e"
"""End the child now; or: it closed its socket, so it is ending."""
WAITED = b"W"
"""How long have others kept the child waiting? Answered by `SECONDS`."""
SECONDS = struct.Struct("<d")
ENDED = struct.Struct("<Id?")
"""Wait status, processor time in seconds, and whether it was killed here."""
LAST_WORDS_S = 0.2
"""How long a child that closed its socket may take to end."""
PRELOADED = """
abc argparse array ast asyncio base64 binascii bisect calendar cmath codecs collections collections.abc colorsys
concurrent.futures contextlib contextvars copy copyreg csv ctypes dataclasses datetime decimal difflib dis email
enum errno fileinput fnmatch fractions functools gc getpass glob graphlib hashlib heapq hmac html html.parser
http http.client importlib importlib.util inspect io ipaddress itertools json keyword linecache locale logging math
mimetypes multiprocessing numbers operator os os.path pathlib pickle pkgutil platform pprint queue random re
reprlib sched secrets select selectors shlex shutil signal socket sqlite3 stat statistics string struct
subprocess sys tempfile textwrap threading time timeit token tokenize traceback types typing unicodedata unittest
unittest.mock urllib.parse urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zlib zoneinfo
_strptime bz2 cmd codeop concurrent.futures.thread configparser doctest fcntl getopt gzip lzma mmap optparse
resource sysconfig symtable termios tomllib tracemalloc encodings.base64_codec encodings.hex_codec
encodings.rot_13 encodings.punycode encodings.raw_unicode_escape encodings.utf_16_le encodings.utf_16_be
encodings.utf_32 encodings.utf_8_sig encodings.cp1252 encodings.idna encodings.ascii encodings.latin_1 encodings.utf_8 encodings.utf_16 encodings.unicode_escape
"""
"""Loaded before any fork, to be fast."""


def preload() -> None:
    """Load what programs usually import; a module that this interpreter was built without is left out.

    What these modules want done in every forked process, new locks above all, is left undone: this server has one thread and
    holds no lock. It would take a tenth of a small job's time.
    """
    register, os.register_at_fork = os.register_at_fork, lambda **_: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in PRELOADED.split():
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
    finally:
        os.register_at_fork = register
    ready_for_jobs()


def readable_paths() -> list[str]:
    """What a caged program may read: the standard library and the time zones."""
    return [*(path for path in sys.path if path), "/usr/share/zoneinfo"]


def import_from_here(library: str) -> None:
    """Work in the library's folder, and have its modules looked up by way of that.

    A path from the root is no use to jobs of another user where a folder above the library is closed to them, as
    `/root` is. What they may read stays the same: Landlock asks where a file is, not how it was found.
    """
    os.chdir(library)
    packages = [module.__path__ for module in sys.modules.values() if hasattr(module, "__path__")]
    for paths in (sys.path, *packages):
        paths[:] = [
            path.replace(library, "/proc/self/cwd", 1) if f"{path}/".startswith(f"{library}/") else path
            for path in paths
        ]


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def prepare(unsafe: bool) -> cage.Cage:
    """The layers that every child gets. With `unsafe`, a layer that this machine lacks is left out."""
    has_landlock, has_seccomp = landlock.abi() > 0, seccomp.available()
    if not unsafe and not (has_landlock and has_seccomp):
        raise cage.CageFailed("no cage at hand")
    who = cage.choose_who()
    library = os.path.dirname(os.__file__)
    if not cage.can_list(who.uid, library):
        import_from_here(library)
    return cage.Cage(
        ruleset=landlock.create(readable_paths()) if has_landlock else None,
        program=seccomp.build() if has_seccomp else None,
        base_bytes=_address_space(),
        who=who,
    )


def _child(layers: cage.Cage, memory_bytes: int, cpu_s: int, server: int, channel: int, output: int) -> None:
    """The life of one child; never returns, whatever the program does to this interpreter."""
    leave = os._exit
    status = 1
    try:
        os.dup2(output, 1)
        os.dup2(output, 2)
        channel, ruleset = _settle(channel, layers.ruleset)
        job = read_exactly(channel, struct.unpack("<I", read_exactly(channel, 4))[0])
        layers = dataclasses.replace(layers, ruleset=ruleset)
        cage.enter(layers, server=server, memory_bytes=memory_bytes, cpu_s=cpu_s)
        os.write(channel, struct.pack("<I", 1) + b"C")
        run_job(job, channel)
        status = 0
    except cage.CageFailed as error:
        os.write(2, f"{error}".encode())
        status = CAGE_FAILED
    finally:
        leave(status)


def _settle(channel: int, ruleset: int | None) -> tuple[int, int | None]:
    """Move the two descriptors to 3 and 4 and close every other: the child holds nothing of the server's."""
    high = os.dup(channel) if channel < 5 else channel
    spare = os.dup(ruleset) if ruleset is not None and ruleset < 5 else ruleset
    os.dup2(high, 3)
    if spare is None:
        os.closerange(4, 1 << 16)
        return 3, None
    os.dup2(spare, 4)
    os.closerange(5, 1 << 16)
    return 3, 4


def kept_waiting_s(pid: int) -> float:
    """How long a process was kept from a processor by others, at least; 0 where the kernel does not tell.

    It is read off the first thread: how long that ran or stood in line, less all that the process used. So what its
    own threads take from each other never counts, and a program cannot buy itself time.
    """
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            ran, stood, _ = map(int, file.read().split())
        with open(f"/proc/{pid}/stat") as file:
            user, system = file.read().rpartition(")")[2].split()[11:13]
    except (OSError, ValueError):
        return 0.0
    return max(0.0, (ran + stood) / 1e9 - (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"))


class Server:
    """One socket to the parent, at most one child at a time."""

    def __init__(self, parent: socket.socket, layers: cage.Cage) -> None:
        self.parent = parent
        self.layers = layers
        self.child = 0

    def fork(self, request: bytes, descriptors: list[int]) -> bytes:
        """Start a child; the answer is its process id."""
        memory_bytes, cpu_s = struct.unpack("<QI", request)
        server = os.getpid()
        self.child = os.fork()
        if self.child == 0:
            _child(self.layers, memory_bytes, cpu_s, server, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return struct.pack("<I", self.child)

    def end(self, wait_s: float = 0.0) -> bytes:
        """Kill the child's group and reap it; the answer is `ENDED`, zeros where there was none.

        A child that is about to end by itself, as far as the parent knows, gets `wait_s` for it.
        """
        if not self.child:
            return ENDED.pack(0, 0.0, False)
        ended = self._ended_by_itself(wait_s)
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError):
                kill(self.child, signal.SIGKILL)
        _, status, usage = os.wait4(self.child, 0)
        self.child = 0
        return ENDED.pack(status, usage.ru_utime + usage.ru_stime, not ended)

    def _ended_by_itself(self, wait_s: float) -> bool:
        deadline = time.monotonic() + wait_s
        while os.waitid(os.P_PID, self.child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.001)
        return True

    def serve(self, parent_pidfd: int) -> None:
        """Answer until the parent is gone."""
        watch = select.poll()
        watch.register(self.parent, select.POLLIN)
        watch.register(parent_pidfd, select.POLLIN)
        while all(descriptor != parent_pidfd for descriptor, _ in watch.poll()):
            message, descriptors, _, _ = socket.recv_fds(self.parent, 64, 2)
            if not message:
                return
            if message[:1] == b"F":
                answer = self.fork(message[1:], descriptors)
            elif message == WAITED:
                answer = SECONDS.pack(kept_waiting_s(self.child))
            else:
                answer = self.end(LAST_WORDS_S if message == END_ITSELF else 0.0)
            self.parent.send(answer)


def main() -> None:
    """`server.py SOCKET PIDFD UNSAFE`: the descriptors of the parent's socket and process; 1 allows no cage."""
    descriptor, parent_pidfd, unsafe = int(sys.argv[-3]), int(sys.argv[-2]), sys.argv[-1] == "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop("PWD", None)  # bubblewrap sets it
    parent = socket.socket(fileno=descriptor)
    try:
        preload()
        layers = prepare(unsafe)
    except (cage.CageFailed, OSError) as error:
        parent.send(b"!" + str(error).encode()[:200])
        sys.exit(CAGE_FAILED)
    gc.collect()
    gc.freeze()
    server = Server(parent, layers)
    try:
        parent.send(b"+" if layers.who.alone else b"+shared")
        server.serve(parent_pidfd)
    except (BrokenPipeError, ConnectionResetError):
        pass
    finally:
        server.end()
