"""Records of the sandbox: a job goes in, a verdict comes out."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import cached_property

from pydantic import Field

from tactful.types import Record, content_hash


class Tier(StrEnum):
    """What stands between a program and this machine."""

    BUBBLEWRAP = "bubblewrap+landlock+seccomp"
    CAGED = "landlock+seccomp"
    NONE = "none"
    """Resource limits alone: anything may happen. Only with `--unsafe-exec`."""


class Outcome(StrEnum):
    """How one test ended. Only PASSED counts for the program."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    NOT_RUN = "not_run"
    """An earlier test, the program or its setup ended the run."""


class Job(Record):
    """A program and the tests that it must pass."""

    code: str
    tests: tuple[str, ...]
    """Python statements, each with an assert."""
    setup: str = ""
    """Runs after the program and before the tests."""
    timeout_s: float = Field(default=5.0, gt=0, le=3600)
    """Wall clock for everything together, less the time that others keep the program from a processor."""
    memory_mb: int = Field(default=512, ge=16, le=1 << 20)
    """Address space on top of the interpreter's own."""

    @cached_property
    def hash(self) -> str:
        """Identity by content, 32 hex digits."""
        # json escapes lone surrogates, which JSON of pydantic refuses
        return content_hash(json.dumps(self.model_dump()))


class TestResult(Record):
    """How one test ended."""

    __test__ = False  # not a test class, whatever its name looks like to pytest

    outcome: Outcome
    weak: bool
    """True when only the program's own process can say whether the test passed: a hostile program may have lied."""
    detail: str = ""
    """Why it did not pass: expected and returned value, or the exception."""


class Verdict(Record):
    """What came of a job: one result per test, in order."""

    job_hash: str
    tests: tuple[TestResult, ...]
    tier: Tier
    error: str = ""
    """What went wrong outside the tests: the program or its setup raised, was killed, or could not be run."""
    output: str = ""
    """The start of what a program printed that did not pass; at most 4,000 characters."""
    unscored: bool = False
    """True when the sandbox, not the program, failed twice; neither passed nor failed."""

    @property
    def passed(self) -> bool:
        """Every test passed, and there was at least one."""
        return bool(self.tests) and all(test.outcome is Outcome.PASSED for test in self.tests)

    @property
    def share_passed(self) -> float | None:
        """Share of tests passed in [0, 1]; None when there was no test or the verdict is unscored."""
        if not self.tests or self.unscored:
            return None
        return sum(test.outcome is Outcome.PASSED for test in self.tests) / len(self.tests)

    @property
    def weak(self) -> bool:
        """True when some test rests on the word of the program's own process."""
        return any(test.weak for test in self.tests)
