"""Does a task's own reference pass its tests? Tasks where it does not are quarantined before any use."""

from __future__ import annotations

from collections.abc import Iterable

from tactful.sandbox.pool import Sandbox
from tactful.sandbox.types import Job, Outcome, Verdict


def quarantine(jobs: Iterable[Job], sandbox: Sandbox) -> tuple[list[Job], list[tuple[Job, str]]]:
    """References that pass, and those that do not with the reason; both in input order."""
    sound: list[Job] = []
    failing: list[tuple[Job, str]] = []
    jobs = list(jobs)
    for job, verdict in zip(jobs, sandbox.run_many(jobs), strict=True):
        if verdict.passed:
            sound.append(job)
        else:
            failing.append((job, reason(verdict)))
    return sound, failing


def reason(verdict: Verdict) -> str:
    """Why a verdict is not a pass, in one line."""
    if not verdict.tests:
        return "the task has no test"
    if verdict.error:
        return verdict.error
    number, first = next(
        (i, test) for i, test in enumerate(verdict.tests, 1) if test.outcome is not Outcome.PASSED
    )
    return f"test {number} {first.outcome.value}: {first.detail}"
