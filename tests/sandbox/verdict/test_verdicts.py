"""What decides a verdict in the parent, without a program: equality, sums, the order of reports, how a child ended."""

from __future__ import annotations

import signal

import pytest

from tactful.sandbox import Job, Outcome
from tactful.sandbox.types import Tier
from tactful.sandbox.verdict.check import Hole, holds
from tactful.sandbox.verdict.compare import CannotCompare, equal
from tactful.sandbox.verdict.ending import Ended, Run, cpu_limit_s, verdict_on
from tactful.sandbox.verdict.plan import split
from tactful.sandbox.verdict.progress import Progress, Tampered


@pytest.mark.parametrize(("less", "more"), [([1], [1, 2]), ((1,), (1, 2)), ({"a": 1}, {"a": 1, "b": 2})])
def test_what_is_missing_at_the_end_makes_two_values_differ(less, more):
    assert equal(more, more)
    assert not equal(less, more)
    assert not equal(more, less)


def test_equal_keys_with_other_values_make_two_dicts_differ():
    assert not equal({"a": 1, "b": [2]}, {"a": 1, "b": [3]})


def test_a_power_too_large_is_refused_and_a_small_one_is_computed():
    (part,) = split("assert 3 ** f() == 9").parts
    assert part.tree is not None
    assert holds(part.tree, [Hole(2)])[0]
    with pytest.raises(CannotCompare, match="a power too large to compute"):
        holds(part.tree, [Hole(1 << 20)])


def begun(test: str) -> Progress:
    progress = Progress([split(test)])
    for letter in (b"C", b"R"):
        progress.feed(letter, b"")
    return progress


def test_an_end_before_the_last_test_is_tampering():
    with pytest.raises(Tampered, match="an end before the last test"):
        begun("assert f() == 1").feed(b"D", b"")


def test_the_first_part_that_failed_is_the_one_that_is_told(sandbox):
    job = Job(code="def f(x): return x", tests=("assert f(1) == 0\nassert f(2) == 0",))
    (found,) = sandbox.run(job).tests
    assert (found.outcome, found.detail) == (Outcome.FAILED, "returned 1 == 0 does not hold")


@pytest.mark.parametrize(("short_of", "outcome"), [(0.0, Outcome.TIMEOUT), (0.5, Outcome.ERROR)])
def test_a_program_that_used_up_its_processor_time_timed_out(short_of, outcome):
    job = Job(code="", tests=("assert f() == 1",))
    run = Run(begun("assert f() == 1"), memoryview(b""), gone=True)
    ended = Ended(status=signal.SIGXCPU, cpu_s=cpu_limit_s(job) - short_of, killed=False)
    assert verdict_on(job, run, ended, Tier.CAGED).tests[0].outcome == outcome
