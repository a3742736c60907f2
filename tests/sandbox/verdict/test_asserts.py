from __future__ import annotations

import pytest

from tactful.sandbox import Job, Outcome
from tactful.sandbox.verdict.plan import split

CLASS = "class TestDouble:\n    def test_it(self):\n        assert double(2) == 4\n"
CHECK = "def check(candidate):\n    assert candidate(2) == 4\n"
SPECIAL = "class Case:\n    def __init__(self):\n        assert double(2) == 4\n"
LOOP = "for name, item in list(globals().items()):\n    if name.startswith('test_'):\n        item()\n"


@pytest.mark.parametrize(
    "test",
    [
        "def test_double():\n    assert double(2) == 4",
        "async def test_double():\n    assert double(2) == 4",
        "def test_double():\n    raise ValueError if double(2) != 4 else KeyError",
        CHECK,
        CHECK + "if __name__ == '__main__':\n    check(double)",
        CHECK + "def main():\n    check(double)",
        CHECK + "def check_all():\n    check_all()",
        CLASS,
        CLASS + "TestDouble()",
        CLASS + "import unittest\nunittest.main(exit=False)",
        SPECIAL,
        "if True:\n    def test_double():\n        assert double(2) == 4",
    ],
)
def test_asserts_that_are_never_reached_pass_no_program(test, sandbox):
    assert split(test).problem.startswith("no assert of the test is ever reached")
    for code in ("def double(x): return 2 * x", "def double(x): return 'wrong'"):
        (found,) = sandbox.run(Job(code=code, tests=(test,))).tests
        assert found.outcome is Outcome.ERROR


@pytest.mark.parametrize(
    "test",
    [
        CHECK + "check(double)",
        CHECK + "if __name__ == 'other':\n    pass\nelse:\n    check(double)",
        CHECK + "def main():\n    check(double)\nmain()",
        CHECK + "for item in [check]:\n    item(double)",
        "def test_double():\n    assert double(2) == 4\n" + LOOP,
        CHECK.replace("def", "async def") + "import asyncio\nasyncio.run(check(double))",
        CLASS + "TestDouble().test_it()",
        SPECIAL + "Case()",
        "class Case:\n    assert double(2) == 4",
        "if True:\n    assert double(2) == 4",
    ],
)
def test_asserts_that_are_reached_decide(test, sandbox):
    assert split(test).weak
    for code, outcome in (("2 * x", Outcome.PASSED), ("'wrong'", Outcome.ERROR)):
        (found,) = sandbox.run(Job(code=f"def double(x): return {code}", tests=(test,))).tests
        assert found.outcome is outcome


@pytest.mark.parametrize("test", ["assert (f(2) == 4, 'four')", "for x in [2]:\n    assert (f(x) == 4,)"])
def test_an_assert_on_a_tuple_is_a_problem(test):
    assert "always true" in split(test).problem


def test_an_assert_on_the_empty_tuple_is_none():
    assert not split("assert ()").problem
