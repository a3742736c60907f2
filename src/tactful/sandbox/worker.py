"""One fork server and the jobs that go through it, one at a time. The wall clock is held here."""

from __future__ import annotations

import contextlib
import json
import math
import os
import selectors
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field

from tactful.errors import SafetyRefusal
from tactful.sandbox.inside.server import CAGE_FAILED
from tactful.sandbox.inside.values import MAX_BYTES
from tactful.sandbox.tiers import HOW_TO_CAGE, server_command, server_environment
from tactful.sandbox.types import Job, Outcome, Tier, Verdict
from tactful.sandbox.verdict.plan import split
from tactful.sandbox.verdict.progress import Progress, Tampered, steps

_MAX_OUTPUT = 1 << 20
_KEPT_OUTPUT = 4000
_MAX_REPORT = MAX_BYTES + 1024
_START_S = 30.0
_ANSWER_S = 30.0


class ServerLost(Exception):
    """The fork server ended or hangs; the job under way has no verdict."""


@dataclass
class _Run:
    """What the parent knows of the child under way."""

    progress: Progress
    to_send: memoryview
    received: bytearray = field(default_factory=bytearray)
    output: bytearray = field(default_factory=bytearray)
    printed: int = 0
    stopped: str = ""
    """Why the parent ends it: empty, `timeout`, `output` or what it tampered with."""


class Worker:
    """A fork server and our end of its socket. Not for several threads at a time; the pool sees to that."""

    def __init__(self, tier: Tier, *, unsafe: bool) -> None:
        self._tier = tier
        self._unsafe = unsafe
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def run(self, job: Job) -> Verdict:
        """The verdict on `job`. A lost server is started again and the job run once more; then it is unscored.

        Raises: SafetyRefusal, when a layer of the cage does not hold; the program was not run.
        """
        for _ in range(2):
            try:
                return self._attempt(job)
            except ServerLost as error:
                reason = str(error)
                self.close()
            except (
                BaseException
            ):  # Ctrl-C between question and answer: this server's next answer would be stale
                self.close()
                raise
        results = Progress([split(test) for test in job.tests]).results(Outcome.NOT_RUN, "")
        return Verdict(
            job_hash=job.hash,
            tests=results,
            tier=self._tier,
            error=f"the sandbox failed twice: {reason}",
            unscored=True,
        )

    def close(self) -> None:
        """End the server, and with it whatever still runs in it."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._socket = self._process = None

    # ------------------------------------------------------------ the server

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        us = os.pidfd_open(os.getpid())
        try:
            self._process = subprocess.Popen(
                [*server_command(self._tier), str(theirs.fileno()), str(us), str(int(self._unsafe))],
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), us),
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise ServerLost(f"the fork server does not start ({error})") from error
        finally:
            theirs.close()
            os.close(us)
        self._socket = ours
        ours.settimeout(_START_S)
        answer = self._receive(ours)
        if answer != b"+":
            raise SafetyRefusal(
                f"the cage cannot be built ({answer[1:].decode()}), nothing was run; it {HOW_TO_CAGE}"
            )
        ours.settimeout(_ANSWER_S)
        return ours

    @staticmethod
    def _receive(server: socket.socket) -> bytes:
        try:
            answer = server.recv(256)
        except OSError as error:
            raise ServerLost(f"the fork server does not answer ({error})") from error
        if not answer:
            raise ServerLost("the fork server ended")
        return answer

    def _fork(self, job: Job, channel: socket.socket, output: int) -> None:
        server = self._socket or self._start()
        request = b"F" + struct.pack("<QI", job.memory_mb << 20, math.ceil(job.timeout_s) + 1)
        try:
            socket.send_fds(server, [request], [channel.fileno(), output])
        except OSError as error:
            raise ServerLost(f"the fork server is gone ({error})") from error
        self._receive(server)

    def _end(self) -> int:
        """Kill and reap the child; its wait status."""
        assert self._socket is not None
        try:
            self._socket.send(b"E")
        except OSError as error:
            raise ServerLost(f"the fork server is gone ({error})") from error
        status: int = struct.unpack("<I", self._receive(self._socket))[0]
        return status

    # ------------------------------------------------------------ one job

    def _attempt(self, job: Job) -> Verdict:
        plans = [split(test) for test in job.tests]
        content = json.dumps({"code": job.code, "setup": job.setup, "tests": steps(plans)}).encode()
        run = _Run(Progress(plans), memoryview(struct.pack("<I", len(content)) + content))
        ours, theirs = socket.socketpair()
        output, output_write = os.pipe()
        try:
            try:
                self._fork(job, theirs, output_write)
            finally:
                theirs.close()
                os.close(output_write)
            try:
                _follow(run, ours, output, time.monotonic() + job.timeout_s)
            finally:
                status = self._end()
            _drain(run, output)
        finally:
            ours.close()
            os.close(output)
        if not run.progress.caged and not run.stopped:
            self._explain_no_cage(run, status)
        return _verdict(job, run, status, self._tier)

    def _explain_no_cage(self, run: _Run, status: int) -> None:
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == CAGE_FAILED:
            reason = bytes(run.output).decode(errors="replace")
            raise SafetyRefusal(f"the cage does not hold ({reason}), nothing was run; it {HOW_TO_CAGE}")
        raise ServerLost("the child ended before its cage was closed")


def _follow(run: _Run, channel: socket.socket, output: int, deadline: float) -> None:
    """Feed the job, take reports and output until the child is done, gone, out of time or too loud."""
    channel.setblocking(False)
    os.set_blocking(output, False)
    with selectors.PollSelector() as selector:
        selector.register(channel, selectors.EVENT_READ | selectors.EVENT_WRITE)
        selector.register(output, selectors.EVENT_READ)
        while not run.progress.finished and not run.stopped:
            left = deadline - time.monotonic()
            if left <= 0:
                run.stopped = "timeout"
                return
            for key, events in selector.select(left):
                if key.fd == output:
                    if not _read_output(run, output):
                        selector.unregister(output)
                    continue
                if events & selectors.EVENT_WRITE and not _send(run, channel):
                    selector.modify(channel, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and not _read_reports(run, channel):
                    return


def _send(run: _Run, channel: socket.socket) -> bool:
    """False when all is sent (or nobody listens any more)."""
    with contextlib.suppress(BlockingIOError):
        try:
            run.to_send = run.to_send[channel.send(run.to_send) :]
        except (BrokenPipeError, ConnectionResetError):
            return False
    return bool(run.to_send)


def _read_output(run: _Run, output: int) -> bool:
    """False at the end."""
    try:
        piece = os.read(output, 1 << 16)
    except BlockingIOError:
        return True
    run.printed += len(piece)
    if len(run.output) < _KEPT_OUTPUT:
        run.output += piece[: _KEPT_OUTPUT - len(run.output)]
    if run.printed > _MAX_OUTPUT:
        run.stopped = "output"
    return bool(piece)


def _drain(run: _Run, output: int) -> None:
    """What a dead child left in the pipe."""
    while len(run.output) < _KEPT_OUTPUT:
        before = run.printed
        if not _read_output(run, output) or run.printed == before:
            return


def _read_reports(run: _Run, channel: socket.socket) -> bool:
    """False when the child closed its end."""
    try:
        piece = channel.recv(1 << 18)
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    run.received += piece
    try:
        while len(run.received) >= 4:
            size: int = struct.unpack_from("<I", run.received)[0]
            if not 1 <= size <= _MAX_REPORT:
                raise Tampered("a report of impossible size")
            if len(run.received) < 4 + size:
                break
            content = bytes(run.received[4 : 4 + size])
            del run.received[: 4 + size]
            run.progress.feed(content[:1], content[1:])
    except Tampered as error:
        run.stopped = f"the program interfered with its tests: {error}"
    return bool(piece)


def _verdict(job: Job, run: _Run, status: int, tier: Tier) -> Verdict:
    outcome, reason = _ending(job, run, status)
    progress = run.progress
    before_tests = not progress.ready
    results = progress.results(outcome, reason)
    verdict = Verdict(
        job_hash=job.hash,
        tests=results,
        tier=tier,
        error=progress.error or ("" if progress.finished else reason if before_tests or run.stopped else ""),
    )
    if verdict.passed:
        return verdict
    return verdict.model_copy(update={"output": bytes(run.output).decode(errors="replace")})


def _ending(job: Job, run: _Run, status: int) -> tuple[Outcome, str]:
    """How the run ended, for the test under way when it did."""
    if run.stopped == "timeout":
        return Outcome.TIMEOUT, f"not done within {job.timeout_s:g} s"
    if run.stopped == "output":
        return Outcome.ERROR, f"printed more than {_MAX_OUTPUT:,} bytes"
    if run.stopped:
        return Outcome.ERROR, run.stopped
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return Outcome.TIMEOUT, "used up its processor time"
        return Outcome.ERROR, f"ended by signal {signal.Signals(number).name}"
    return Outcome.ERROR, f"left Python with status {os.WEXITSTATUS(status)} before its tests were done"
