"""From how a child ended to the verdict on its program."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass, field
from typing import NamedTuple

from tactful.errors import visible
from tactful.sandbox.types import Job, Outcome, Tier, Verdict
from tactful.sandbox.verdict.progress import Progress

MAX_OUTPUT = 1 << 20
"""Bytes that a program may print."""
_MAX_SHOWN = 4000
"""Characters of output that a verdict keeps, control characters written out."""
TIMEOUT = "timeout"
STARVED = "starved"
_NO_THREAD = "can't start new thread"


@dataclass
class Run:
    """What the parent knows of the child under way."""

    progress: Progress
    to_send: memoryview
    received: bytearray = field(default_factory=bytearray)
    output: bytearray = field(default_factory=bytearray)
    printed: int = 0
    stopped: str = ""
    """Why the parent ends it: empty, TIMEOUT, STARVED, `output`, or a sentence for the verdict."""
    gone: bool = False
    """It closed its socket before it was done."""


class Ended(NamedTuple):
    """What the fork server says of a child that it has reaped."""

    status: int
    cpu_s: float
    killed: bool
    """By our server, not by itself or the machine."""


def killed_by_the_machine(job: Job, run: Run, ended: Ended) -> bool:
    """SIGKILL that is neither ours nor the end of its processor time; no program can send it to itself."""
    return (
        run.gone
        and not ended.killed
        and os.WIFSIGNALED(ended.status)
        and os.WTERMSIG(ended.status) == signal.SIGKILL
        and ended.cpu_s < cpu_limit_s(job)
    )


def cpu_limit_s(job: Job) -> int:
    """The limit of its processor time, threads together."""
    return math.ceil(job.timeout_s) + 1


def refused_a_thread(verdict: Verdict) -> bool:
    """Whether some part of the program could not start a thread."""
    return any(_NO_THREAD in text for text in (verdict.error, *(test.detail for test in verdict.tests)))


def verdict_on(job: Job, run: Run, ended: Ended, tier: Tier) -> Verdict:
    """One result per test, and what a program printed that did not pass."""
    outcome, reason = _ending(job, run, ended)
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
    output = visible(bytes(run.output).decode(errors="replace"))[:_MAX_SHOWN]
    return verdict.model_copy(update={"output": output})


def _ending(job: Job, run: Run, ended: Ended) -> tuple[Outcome, str]:
    """How the run ended, for the test under way when it did."""
    if run.stopped == TIMEOUT:
        return Outcome.TIMEOUT, f"not done within {job.timeout_s:g} s"
    if run.stopped == "output":
        return Outcome.ERROR, f"printed more than {MAX_OUTPUT:,} bytes"
    if run.stopped:
        return Outcome.ERROR, run.stopped
    if ended.killed:
        return Outcome.ERROR, "closed the connection to its tests before they were done"
    if ended.cpu_s >= cpu_limit_s(job):
        return Outcome.TIMEOUT, "used up its processor time"
    if os.WIFSIGNALED(ended.status):
        return Outcome.ERROR, f"ended by signal {_signal_name(os.WTERMSIG(ended.status))}"
    return Outcome.ERROR, f"left Python with status {os.WEXITSTATUS(ended.status)} before its tests were done"


def _signal_name(number: int) -> str:
    """`SIGSEGV`; real-time signals have a number alone."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
