"""Solutions run against each other, in the cage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tactful.reading.consistency.running import disagreement, usable_calls
from tactful.sandbox import Sandbox, Tier, current_tier

pytestmark = pytest.mark.skipif(current_tier() is Tier.NONE, reason="no cage on this machine")

UP = "def f(values):\n    return sorted(values)\n"
DOWN = "def f(values):\n    return sorted(values, reverse=True)\n"
TUPLE = "def f(values):\n    return tuple(sorted(float(x) for x in values))\n"
BROKEN = "def f(values):\n    return undefined_name\n"
ENDLESS = "def f(values):\n    while True: pass\n"
RAISES = "def f(values):\n    if not values: raise ValueError('empty')\n    return sorted(values)\n"
CALLS = ["[]", "[1]", "[3, 1, 2]"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as opened:
        yield opened


def test_equal_solutions_agree_and_types_that_look_alike_count_as_equal(sandbox: Sandbox) -> None:
    found = disagreement([UP, UP, TUPLE], "f", CALLS, sandbox)
    assert (found.share, found.worst, found.solutions, found.runs) == (0.0, "", 3, 3)


def test_the_share_is_of_pairs_that_differ_on_some_input(sandbox: Sandbox) -> None:
    # three up, two down: of ten pairs 3 * 2 = 6 differ
    found = disagreement([UP, UP, UP, DOWN, DOWN], "f", CALLS, sandbox)
    assert found.share == pytest.approx(0.6)
    assert found.worst == "[3, 1, 2]"


def test_raising_where_another_returns_is_a_difference(sandbox: Sandbox) -> None:
    assert disagreement([UP, RAISES], "f", CALLS, sandbox).worst == "[]"


def test_what_cannot_run_tells_nothing_about_the_request(sandbox: Sandbox) -> None:
    found = disagreement([UP, BROKEN, UP, "def f(:"], "f", CALLS, sandbox)
    assert (found.share, found.solutions, found.runs) == (0.0, 2, 4)


@pytest.mark.slow
def test_a_solution_without_end_is_cut_off_and_left_out(sandbox: Sandbox) -> None:
    found = disagreement([UP, ENDLESS, UP], "f", CALLS, sandbox)
    assert (found.share, found.solutions) == (0.0, 2)


def test_long_values_that_differ_late_differ(sandbox: Sandbox) -> None:
    long, other = (f"def f(values):\n    return 'a' * 500 + '{end}'\n" for end in "xy")
    assert disagreement([long, other], "f", ["1"], sandbox).share == 1.0


def test_a_hostile_solution_meets_the_cage_and_counts_as_broken(sandbox: Sandbox) -> None:
    reads = "def f(values):\n    return open('/etc/hostname').read()\n"
    found = disagreement([UP, reads, UP], "f", CALLS, sandbox)
    assert found.solutions == 2


def test_no_solution_and_no_pair_say_so(sandbox: Sandbox) -> None:
    assert disagreement([], "f", CALLS, sandbox).solutions == 0
    assert disagreement([UP], "f", CALLS, sandbox).solutions == 1


def test_inputs_are_plain_literals_once_each_and_those_of_the_request_come_first() -> None:
    calls = ["[1]", "[1]", "open('x')", "x=1", "*[1]", "1); import os; f(2", "1) # one", "(1, 2)", ""]
    request = "Write f so that f((1, 2), 'b') gives 3 and f([1]) gives 1."
    assert usable_calls(calls, "f", request) == ["(1, 2), 'b'", "[1]", "(1, 2)", ""]
