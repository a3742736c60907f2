"""Shares over groups."""

import pytest

from tactful.stats.shares import GroupSums, clustered_share, share_over, wilson


def test_a_share_over_groups_is_that_of_their_sums():
    # 8 of 16; Σ (h − 2p)² with p = 0.5: eight groups of two, four with both hits and four with none: 8 · 1²
    found = share_over([(2, 2), (0, 2)] * 4)
    assert found == clustered_share(8, 16, 8.0, 8)
    assert found.value == pytest.approx(0.5)


def test_sums_by_group_are_what_a_share_is_taken_of():
    sums = GroupSums()
    for group, hit in (("a", True), ("b", False), ("a", False)):
        sums.add(group, hit)
    sums.add("b", 2, 3)
    assert sums == {"a": [1, 2], "b": [2, 4]}
    assert share_over(sums.values()) == share_over([(1, 2), (2, 4)])


def test_groups_without_cases_do_not_count():
    assert share_over([(0, 0), (1, 2), (0, 0)]).groups == 1


def test_no_cases_have_no_share():
    assert share_over([]).value is None


def test_the_interval_of_a_small_share_lies_round_wilsons_centre_and_not_round_the_share():
    # 1 of 10: centre (0.1 + 3.8415 / 20) / 1.38415 = 0.2110, half 1.95996 / 1.38415 · √(0.009 + 3.8415 / 400) = 0.1932
    assert wilson(0.1, 10.0) == pytest.approx((0.0179, 0.4042), abs=1e-4)
    # 5 of 10: the share is the centre; half 1.95996 / 1.38415 · √(0.025 + 3.8415 / 400)
    assert wilson(0.5, 10.0) == pytest.approx((0.2366, 0.7634), abs=1e-4)
