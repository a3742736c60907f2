"""One fork server and the jobs that go through it, one at a time. The wall clock is held here."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess

from tactful.errors import SafetyRefusal
from tactful.sandbox.follow import Clock, drain, follow
from tactful.sandbox.inside.server import CAGE_FAILED, END, END_ITSELF, ENDED, SECONDS, WAITED
from tactful.sandbox.tiers import HOW_TO_CAGE, SERVER_ENVIRONMENT, server_command
from tactful.sandbox.types import Job, Outcome, Tier, Verdict
from tactful.sandbox.verdict.ending import (
    STARVED,
    Ended,
    Run,
    cpu_limit_s,
    killed_by_the_machine,
    refused_a_thread,
    verdict_on,
)
from tactful.sandbox.verdict.plan import split
from tactful.sandbox.verdict.progress import Progress, steps

_START_S = 30.0
_ANSWER_S = 30.0


class ServerLost(Exception):
    """The fork server ended or hangs; the job under way has no verdict."""


class Worker:
    """A fork server and our end of its socket. Not for several threads at a time; the pool sees to that."""

    def __init__(self, tier: Tier, *, unsafe: bool) -> None:
        self._tier = tier
        self._unsafe = unsafe
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._shared = False
        """Tasks of other programs count against ours: a refused thread says nothing about a program."""

    def run(self, job: Job, unwanted: int | None = None) -> Verdict:
        """The verdict on `job`. Where the sandbox or the machine failed it is run once more; then it is unscored.

        When the descriptor `unwanted` can be read, nobody asks for the verdict any more: the program is ended.

        Raises: SafetyRefusal, when a layer of the cage does not hold; the program was not run.
        """
        for _ in range(2):
            finished = False
            try:
                verdict = self._attempt(job, unwanted)
                finished = True
                return verdict
            except SafetyRefusal:
                raise
            except ServerLost as error:
                reason = str(error)
            except Exception as error:  # whatever happens, it never ends the scoring of the others
                reason = f"{type(error).__name__}: {error}"
            finally:  # also Ctrl-C between question and answer: this server's next answer would be stale
                if not finished:
                    self.close()
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
                env=SERVER_ENVIRONMENT,
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
        self._shared = answer == b"+shared"
        if answer != b"+" and not self._shared:
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
        request = b"F" + struct.pack("<QI", job.memory_mb << 20, cpu_limit_s(job))
        try:
            socket.send_fds(server, [request], [channel.fileno(), output])
        except OSError as error:
            raise ServerLost(f"the fork server is gone ({error})") from error
        self._receive(server)

    def _kept_waiting_s(self) -> float:
        seconds: float = SECONDS.unpack(self._ask(WAITED))[0]
        return seconds

    def _end(self, run: Run) -> Ended:
        """Reap the child, killed where it does not end by itself."""
        return Ended(*ENDED.unpack(self._ask(END_ITSELF if run.gone else END)))

    def _ask(self, question: bytes) -> bytes:
        assert self._socket is not None
        try:
            self._socket.send(question)
        except OSError as error:
            raise ServerLost(f"the fork server is gone ({error})") from error
        return self._receive(self._socket)

    # ------------------------------------------------------------ one job

    def _attempt(self, job: Job, unwanted: int | None) -> Verdict:
        plans = [split(test) for test in job.tests]
        content = json.dumps({"code": job.code, "setup": job.setup, "tests": steps(plans)}).encode()
        run = Run(Progress(plans), memoryview(struct.pack("<I", len(content)) + content))
        ours, theirs = socket.socketpair()
        output, output_write = os.pipe()
        try:
            try:
                self._fork(job, theirs, output_write)
            finally:
                theirs.close()
                os.close(output_write)
            follow(run, ours, output, Clock(job.timeout_s, self._kept_waiting_s), unwanted)
            ended = self._end(run)
            drain(run, output)
        finally:
            ours.close()
            os.close(output)
        if not run.progress.caged and not run.stopped:
            self._explain_no_cage(run, ended.status)
        if run.stopped == STARVED:
            raise ServerLost("other programs kept this one from a processor for too long")
        if killed_by_the_machine(job, run, ended):
            raise ServerLost("the machine killed the program, as it does when it runs out of memory")
        verdict = verdict_on(job, run, ended, self._tier)
        if self._shared and refused_a_thread(verdict):
            raise ServerLost("this user may start no more threads on this machine")
        return verdict

    def _explain_no_cage(self, run: Run, status: int) -> None:
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == CAGE_FAILED:
            reason = bytes(run.output).decode(errors="replace")
            raise SafetyRefusal(f"the cage does not hold ({reason}), nothing was run; it {HOW_TO_CAGE}")
        raise ServerLost("the child did not get as far as its cage")
