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


RIGHT = {
    "def f(x): return x / 2": [
        "assert '%.2f' % f(5) == '2.50'",
        "assert '%s-%s' % (f(2), f(4)) == '1.0-2.0'",
    ],
    "def f(x): return set(x)": ["assert f([1, 2]) - {1, 3} == {2}", "assert {1, 2} - f([1]) == {2}"],
    "def f(x): return [x] * x": ["assert f(100000) == [100000] * 100000"],
    "def f(s): return s.encode()": ["assert b'bc' in f('abcd')", "assert 97 in f('abcd')"],
    "def f(x): return x": [
        "assert f(98) in b'abc'",
        "assert f('ab') * 40000 == 'ab' * 40000",
        "assert f('2 items') == '%d items' % 2",
        "import cmath\nassert cmath.isclose(f(1 + 2j), 1 + 2j)",
        "assert ~(f(2) + 1) == -4",
    ],
    "def f(n): return range(n)": ["assert f(3) == range(3)", "assert 2 in f(3)"],
    "def f(n): yield from range(n)": ["assert 2 in f(3)", "assert 3 not in f(3)"],
    "from collections import deque\ndef f(n): return deque(n)": ["assert 2 in f([1, 2])"],
    "def f(n): return n.values()": ["assert 2 in f({1: 2})"],
    "def f(s): return list(set(s))": ["assert f('abcdefgh') == list(set('abcdefgh'))"],
    "def f(s): return str({s})": ["assert f(1) == str({1})"],
    "def f(x): return x > 1": ["assert f(2) + f(3) == 2"],
    "import math\nfrom fractions import Fraction\ndef f(n): return 1 / n": [
        "assert abs(f(3) - Fraction(1, 3)) < 1e-9",
        "assert math.isclose(f(4), Fraction(1, 4))",
    ],
    "from collections import Counter\ndef f(x): return x": [
        "assert Counter(f([1, 2])) - Counter([2, 1]) == {}"
    ],
    "class V:\n    def __init__(self, x): self.x = x\n    def __mul__(self, other): return self.x * other.x": [
        "assert V(2) * V(3) == 6"
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize(("code", "test"), [(code, test) for code in RIGHT for test in RIGHT[code]])
def test_what_holds_in_python_passes(code, test, sandbox):
    verdict = sandbox.run(Job(code=code, tests=(test,)))
    assert verdict.passed, verdict


def test_a_list_is_no_range(sandbox):
    job = Job(code="def f(n): return list(range(n))", tests=("assert f(3) == range(3)",))
    assert sandbox.run(job).tests[0].outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "first",
    [
        "assert size() == 2 or wait() == 1",
        "assert not (size() == 3 and wait() == 1)",
        "assert (size() == 3 and wait() == 1) or size() == 2",
        "assert (size() or wait()) == 2",
        "assert pop() == 2 or pop() == 7",
    ],
)
def test_what_python_would_not_ask_is_not_asked(first, sandbox):
    code = (
        "import queue\nstack = [1, 2]\ndef size(): return len(stack)\ndef pop(): return stack.pop()\n"
        "def wait(): return queue.Queue().get()"
    )
    later = "assert pop() == 1" if "pop" in first else "assert pop() == 2"
    assert sandbox.run(Job(code=code, tests=(first, later), timeout_s=3)).passed


LIAR = """
class Liar:
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = lambda self, other: self
    __abs__ = __round__ = lambda self, *digits: 0
    __eq__ = __lt__ = __le__ = __gt__ = __contains__ = lambda self, other: True
    __float__ = lambda self: 0.0
    __iter__ = lambda self: iter([])
def f(x):
    return Liar()
"""


@pytest.mark.parametrize(
    "test",
    [
        "assert f(2) + f(3) == 5",
        "assert abs((f(2) - 1) + (f(3) - 2)) < 1e-6",
        "assert f([1]) - {1} == set()",
        "assert {1} - f([1]) == set()",
        "import cmath\nassert cmath.isclose(f(2), 1 + 2j)",
        "assert '%.2f' % f(5) == '2.50'",
        "assert 2 in f(3)",
        "assert f(5) in range(10)",
    ],
)
def test_no_object_of_the_programs_passes_a_strong_test(test, sandbox):
    (found,) = sandbox.run(Job(code=LIAR, tests=(test,))).tests
    assert found.outcome is not Outcome.PASSED
    assert not found.weak


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


def test_output_is_cut_after_its_control_characters_are_written_out():
    run = Run(begun("assert f() == 1"), memoryview(b""), output=bytearray(b"\x1b" * 4000))
    job = Job(code="", tests=("assert f() == 1",))
    verdict = verdict_on(job, run, Ended(status=0, cpu_s=0.0, killed=False), Tier.CAGED)
    assert verdict.output == "\\x1b" * 1000
