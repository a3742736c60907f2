"""A 95% interval holds the truth 95 times in 100, also with few groups."""

import pytest
from tests.stats.worlds import INTERVALS, coverage

FAST = ("paired difference", "false-alarm ratio", "share of a label")
OFF_POLICY = "off policy, doubly robust"
"""Refused below 15 groups."""


@pytest.mark.parametrize("groups", [8, 30])
@pytest.mark.parametrize("name", FAST)
def test_an_interval_holds_the_truth_as_often_as_it_says(name: str, groups: int) -> None:
    assert 0.93 <= coverage(name, groups) <= 0.97


def test_the_interval_of_a_policy_that_was_not_run_holds_the_truth_as_often_as_it_says() -> None:
    assert 0.93 <= coverage(OFF_POLICY, 30, 300) <= 0.97


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", INTERVALS)
def test_every_interval_holds_the_truth_from_8_to_100_groups(name: str) -> None:
    # 93 to 97 in truth; 1,000 draws have a standard error of 0.7, of which one and a half are allowed. Brier scores are skewed:
    # at 8 groups their intervals hold the truth 92 times in 100 (docs/concepts/measuring.md), so one point less is asked there.
    for groups in (15, 30, 100) if name.startswith("off policy") else (8, 15, 30, 100):
        least = 0.91 if (name, groups) == ("Brier", 8) else 0.92
        assert least <= coverage(name, groups, 1000) <= 0.98, groups
