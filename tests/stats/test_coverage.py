"""A 95% interval holds the truth 95 times in 100, also with few groups."""

import numpy as np
import pytest
from tests.stats.worlds import INTERVALS, coverage

FAST = ("paired difference", "false-alarm ratio", "share of a label")
SKEWED = ("Brier", "value of information")
OFF_POLICY = "off policy, doubly robust"
"""Refused below 15 groups."""


@pytest.mark.slow
@pytest.mark.parametrize("groups", [8, 30])
@pytest.mark.parametrize("name", FAST)
def test_an_interval_holds_the_truth_as_often_as_it_says(name: str, groups: int) -> None:
    assert 0.93 <= coverage(name, groups) <= 0.97


@pytest.mark.slow
def test_the_interval_of_a_policy_that_was_not_run_holds_the_truth_as_often_as_it_says() -> None:
    assert 0.93 <= coverage(OFF_POLICY, 30, 300) <= 0.97


@pytest.mark.parametrize("name", SKEWED)
def test_a_skewed_figure_has_no_interval_below_15_groups(name: str) -> None:
    made = INTERVALS[name]
    few, enough = (made(np.random.default_rng(0), groups, 0) for groups in (14, 15))
    assert (few.low, few.high) == (None, None)
    assert few.value is not None
    assert enough.low is not None


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", INTERVALS)
def test_every_interval_holds_the_truth_with_the_fewest_groups_that_it_takes_and_with_100(name: str) -> None:
    # 93 to 97 in truth; 1,000 draws have a standard error of 0.7, of which one and a half are allowed, 500 one of 1.0.
    # benchmarks/coverage.py has all sizes
    fewest = 15 if name.startswith("off policy") or name in SKEWED else 8
    assert 0.92 <= coverage(name, fewest, 1000) <= 0.98
    assert 0.92 <= coverage(name, 100, 500) <= 0.98
