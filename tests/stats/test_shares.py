"""Shares over groups."""

import pytest

from tactful.stats.shares import clustered_share, share_over


def test_a_share_over_groups_is_that_of_their_sums():
    # 8 of 16; Σ (h − 2p)² with p = 0.5: eight groups of two, four with both hits and four with none: 8 · 1²
    found = share_over([(2, 2), (0, 2)] * 4)
    assert found == clustered_share(8, 16, 8.0, 8)
    assert found.value == pytest.approx(0.5)


def test_groups_without_cases_do_not_count():
    assert share_over([(0, 0), (1, 2), (0, 0)]).groups == 1


def test_no_cases_have_no_share():
    assert share_over([]).value is None
