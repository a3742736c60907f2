"""Follow one job by the reports of its child, and turn them into results. No process is touched here."""

from __future__ import annotations

import json
from typing import Any

from tactful.errors import visible
from tactful.sandbox.inside.values import Malformed, decode
from tactful.sandbox.types import Outcome, TestResult
from tactful.sandbox.verdict.check import Hole, Raised, holds
from tactful.sandbox.verdict.compare import CannotCompare
from tactful.sandbox.verdict.plan import Part, Plan

_KINDS = {"raised", "assert", "memory", "not_plain"}
_MAX_TEXT = 400


class Tampered(Exception):
    """The child sent what an honest child never sends."""


def read_error(content: bytes) -> dict[str, str]:
    """The report of something raised. Raises Tampered."""
    try:
        report = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Tampered("an error report that cannot be read") from error
    if (
        not isinstance(report, dict)
        or not isinstance(report.get("kind"), str)
        or report["kind"] not in _KINDS
        or not isinstance(report.get("text"), str)
    ):
        raise Tampered("an error report of another form")
    return {"kind": report["kind"], "text": visible(report["text"][:_MAX_TEXT])}


def _outcome(report: dict[str, str] | Raised) -> Outcome:
    kind = report.kind if isinstance(report, Raised) else report["kind"]
    return {"memory": Outcome.MEMORY, "not_plain": Outcome.FAILED}.get(kind, Outcome.ERROR)


class Progress:
    """What is known of a job so far. Feed it reports; `results` ends it, whatever the child did not do."""

    def __init__(self, plans: list[Plan]) -> None:
        self._plans = plans
        self._done: list[TestResult] = []
        self._holes: list[Hole] = []
        self._part = 0
        self._failure: tuple[Outcome, str] | None = None
        """The first failed part of the test under way."""
        self.caged = False
        """The child has proved its cage."""
        self.ready = False
        """Program and setup have run."""
        self.finished = False
        self.error = ""
        """What the program or its setup raised."""
        self.ran_out = False
        """The program or its setup ran out of memory."""
        self._skip_settled()

    @property
    def _plan(self) -> Plan:
        if len(self._done) >= len(self._plans):
            raise Tampered("a report about a test that does not exist")
        return self._plans[len(self._done)]

    def _skip_settled(self) -> None:
        while len(self._done) < len(self._plans) and self._plans[len(self._done)].problem:
            self._finish(Outcome.ERROR, self._plans[len(self._done)].problem)

    def _finish(self, outcome: Outcome, detail: str = "") -> None:
        plan = self._plans[len(self._done)]
        outcome, detail = self._failure or (outcome, detail)
        self._done.append(TestResult(outcome=outcome, weak=plan.weak, detail=detail))
        self._part, self._holes, self._failure = 0, [], None
        self._skip_settled()

    def feed(self, letter: bytes, content: bytes) -> None:
        """Take one report. Raises Tampered when it is out of turn or unreadable."""
        if not self.caged:
            if letter != b"C":
                raise Tampered("a report before the cage was proved")
            self.caged = True
        elif not self.ready:
            self._feed_program(letter, content)
        elif letter == b"D":
            if len(self._done) != len(self._plans):
                raise Tampered("an end before the last test")
            self.finished = True
        else:
            self._feed_step(letter, content)

    def _feed_program(self, letter: bytes, content: bytes) -> None:
        if letter == b"E":
            report = read_error(content)
            self.error, self.finished = report["text"], True
            self.ran_out = report["kind"] == "memory"
        elif letter == b"R":
            self.ready = True
        else:
            raise Tampered("a report out of turn")

    def _feed_step(self, letter: bytes, content: bytes) -> None:
        part = self._plan.parts[self._part]
        if part.kind == "check":
            self._holes.append(self._hole(letter, content))
            if len(self._holes) < len(part.sources):
                return
            self._check(part)
        elif letter == b"K":
            self._next_part()
        elif letter == b"E":
            report = read_error(content)
            failed = part.kind == "assert" and report["kind"] == "assert"
            self._finish(Outcome.FAILED if failed else _outcome(report), report["text"])
        else:
            raise Tampered("a report out of turn")

    @staticmethod
    def _hole(letter: bytes, content: bytes) -> Hole:
        if letter == b"E":
            return Hole(raised=Raised(read_error(content)))
        if letter != b"V":
            raise Tampered("a report out of turn")
        try:
            return Hole(decode(content))
        except Malformed as error:
            raise Tampered(f"an unreadable value: {error}") from error

    def _check(self, part: Part) -> None:
        assert part.tree is not None
        try:
            held, detail = holds(part.tree, self._holes)
        except Raised as raised:
            self._failed_part(_outcome(raised), str(raised))
        except CannotCompare as error:
            self._failed_part(Outcome.FAILED, str(error))
        else:
            if held:
                self._next_part()
            else:
                self._failed_part(Outcome.FAILED, detail)

    def _failed_part(self, outcome: Outcome, detail: str) -> None:
        """The test has failed, but the child does not know and goes on with its later parts."""
        self._failure = self._failure or (outcome, detail)
        self._next_part()

    def _next_part(self) -> None:
        self._part += 1
        self._holes = []
        if self._part == len(self._plan.parts):
            self._finish(Outcome.PASSED)

    def results(self, outcome: Outcome, detail: str) -> tuple[TestResult, ...]:
        """All results; the test under way, if any, gets `outcome`, those after it NOT_RUN."""
        if self.ready and len(self._done) < len(self._plans):
            self._finish(outcome, detail)
        rest = self._plans[len(self._done) :]
        return (*self._done, *(TestResult(outcome=Outcome.NOT_RUN, weak=plan.weak) for plan in rest))


def steps(plans: list[Plan]) -> list[Any]:
    """What the child is told to do: for each test its steps. What values are compared with is not in it."""
    return [[step for part in plan.parts for step in part.steps] for plan in plans]
