from __future__ import annotations

import pytest

from tactful.sandbox.verdict.plan import split

STRONG = {
    "assert f(2) == 4": ["(f(2))"],
    "assert 4 == f(2)": ["(f(2))"],
    "assert f(2) != 4": ["(f(2))"],
    "assert f(2) is True": ["(f(2))"],
    "assert f(2) == False": ["(f(2))"],
    "assert f(2) is None": ["(f(2)) is None"],
    "assert f(2) is not None": ["(f(2)) is None"],
    "assert f(2)": ["True if (f(2)) else False"],
    "assert not f(2)": ["True if (f(2)) else False"],
    "assert Solution().solve(2)": ["True if (Solution().solve(2)) else False"],
    "assert abs(f(2) - 1.5) < 1e-6": ["(f(2))"],
    "assert abs(1.5 - f(2)) <= 10 ** -6": ["(f(2))"],
    "assert math.isclose(f(2), 1.5, rel_tol=1e-3)": ["(f(2))"],
    "assert round(f(2), 2) == 1.25": ["(round(f(2), 2))"],
    "assert round(f(2) - 1.25, 2) == 0": ["(f(2))"],
    "assert sorted(f(2)) == [1, -2]": ["(sorted(f(2)))"],
    "assert set(f(2)) == {1, 2}": ["(set(f(2)))"],
    "assert sum(10, 15) == 25": ["(sum(10, 15))"],
    "assert f([1]) == set()": ["(f([1]))"],
    "assert f(2) in (1, 2)": ["(f(2))"],
    "assert 'a' in f(2)": ["(f(2))"],
    "assert 1 < f(2) < 3": ["(f(2))"],
    "assert isinstance(f(2), (int, float))": ["(f(2))"],
    "assert type(f(2)) == int": ["(f(2))"],
    "assert type(f(2)) is int": ["(f(2))"],
    "assert f(1) == 1 and f(2) == 4": ["(f(1))", "(f(2))"],
    "assert f(1) == 1 and (f(2) == 4 and f(3) == 9)": ["(f(1))", "(f(2))", "(f(3))"],
    "assert x is None or x == 3": ["(x) is None", "(x)"],
    "assert f(2) == 4 or x[0] == 3": ["(f(2))", "(x[0])"],
    "assert f(lambda x: x > 3, [4]) == [4]": ["(f(lambda x: x > 3, [4]))"],
    "assert [f(i) for i in range(3)] == [0, 1, 4]": ["([f(i) for i in range(3)])"],
    "assert f(float('inf')) == -float('inf')": ["(f(float('inf')))"],
    "assert result == (1, {'a': -2})": ["(result)"],
    "assert f(3) == 2 ** 10, 'a message'": ["(f(3))"],
    "assert cmath.isclose(f(2), 1 + 2j)": ["(f(2))"],
    "assert f([1]) - {1} == set()": ["(f([1]))"],
    "assert f(2) + f(3) == 5": ["(f(2) + f(3))"],
    "assert (f(2) - 1) + f(3) == 4": ["(f(2))", "(f(3))"],
    "assert '%.2f' % f(5) == '2.50'": ["('%.2f' % f(5))"],
    "assert ('%s' + '!') % (f(5), 3) == '2 3!'": ["(('%s' + '!') % (f(5), 3))"],
    "assert f(5) in range(10)": ["(f(5))"],
    "assert f(3) == list(range(3))": ["(f(3))"],
    "assert f(3) == list(sorted({3, 1}))": ["(f(3))"],
    "assert f(3) == sorted(set([3, 1]) - {1})": ["(f(3))"],
}
WEAK = [
    "assert f(2) == g(2)",
    "assert f(2).startswith('a')",
    "assert f(2).startswith('a') == True",
    "assert all(f(i) == i for i in range(3))",
    "assert all([f(1)])",
    "assert isinstance(f(2), Thing)",
    "assert f(2) is x",
    "assert hasattr(f(2), 'x')",
    "for i in range(3):\n    assert f(i) == i",
    "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass",
    "assert True",
    "assert f(2) == 4 or f(2) == 5",
    "assert not (f(1) and f(2))",
    "assert (f(1) and f(2)) or x",
    "assert (f(0) or 3) == 3",
    "assert math.isclose(f(2), g(2))",
    "assert math.isclose(0.1 + 0.2, 0.3)",
    "assert math.isclose(*f(2))",
    "assert abs(f(2) - g(2)) < 1e-6",
    "assert abs(2 * f(2) - 2 * g(2)) < 1e-6",
    "assert f(2) / g(2) == 1",
    "assert '%.2f' % (f(3) - 2.5) == '0.00'",
    "assert f(2) == '%d items' % 2",
    "assert f(3) == range(3)",
    "assert f(3) == str(range(3))",
    "assert f(3) == list({3, 1, 2})",
    "assert f(3) == tuple(frozenset('abc'))",
    "assert f(3) == list({3, 1} - {3})",
    "assert f(3) == [1, *list(set('abc'))]",
    "assert f(3) == list(set('abc')) + [1]",
    "assert f(3) == str([{1, 2}])",
]


@pytest.mark.parametrize("test", STRONG)
def test_the_expected_value_stays_out_of_the_holes(test):
    plan = split(test)
    assert not plan.weak
    assert [source for part in plan.parts for source in part.sources] == STRONG[test]


@pytest.mark.parametrize("test", WEAK)
def test_what_the_programs_side_decides_is_weak(test):
    plan = split(test)
    assert plan.weak
    assert not plan.problem


@pytest.mark.parametrize("test", ["assert f(", "f(2) == 4", "x = 1", "", "assert f(2) == 'a\0b' \0"])
def test_a_test_that_is_no_test_has_a_problem(test):
    assert split(test).problem


def test_statements_before_the_assert_run_first():
    plan = split("x = f(1)\nassert x == 2\nx += 1\nassert x == 3")
    assert [part.kind for part in plan.parts] == ["run", "check", "run", "check"]
    assert not plan.weak
