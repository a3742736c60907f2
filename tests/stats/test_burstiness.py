"""Burstiness of gaps between events."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tactful.stats.burstiness import burstiness, gaps_s, mean_burstiness

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)


def test_a_clock_has_minus_one():
    assert burstiness([5.0] * 10) == -1.0
    # Kim and Jo keep it: r = 0 gives -√(n−1) / √(n−1)
    assert burstiness([5.0] * 10, finite_size=True) == pytest.approx(-1.0)


def test_burstiness_is_worked_out_from_spread_and_mean():
    # gaps 1, 1, 1, 9: mean 3, σ = √((4+4+4+36)/4) = √12 = 3.4641; (3.4641 − 3) / (3.4641 + 3) = 0.0718
    assert burstiness([1, 1, 1, 9]) == pytest.approx(0.0718, abs=1e-4)


def test_the_burstiest_of_n_gaps_has_one_after_the_correction_for_size_alone():
    # one gap of n holds all the time: r = √(n−1) = 2 for five; B = 1/3
    assert burstiness([0, 0, 0, 0, 7]) == pytest.approx(1 / 3)
    assert burstiness([0, 0, 0, 0, 7], finite_size=True) == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("size", [14, 20, 200])
def test_events_at_random_have_about_zero_whatever_the_length_after_the_correction(size):
    rng = np.random.default_rng(1)
    drawn = [rng.exponential(10, size).tolist() for _ in range(2000)]
    assert mean_burstiness(drawn, finite_size=True).value == pytest.approx(0.0, abs=0.035)


def test_too_few_gaps_and_gaps_of_nothing_have_none():
    assert burstiness([]) is None
    assert burstiness([3.0]) is None
    assert burstiness([0.0, 0.0]) is None


def test_a_clock_set_back_and_an_unknown_time_leave_no_gap():
    times = [NOON, NOON + timedelta(seconds=4), NOON - timedelta(hours=1), None, NOON, NOON]
    assert gaps_s(times) == [4.0, 0.0]


def test_the_mean_counts_groups_and_what_has_no_burstiness():
    found = mean_burstiness([[1, 1, 1, 9], [5, 5], [2.0]], ["a", "b", "b"])
    # group a 0.0718, group b −1: mean −0.4641
    assert found.value == pytest.approx(-0.4641, abs=1e-4)
    assert (found.items, found.groups, found.unscored, found.low) == (2, 2, 1, None)


def test_nothing_has_no_mean():
    assert mean_burstiness([]).value is None


def test_an_interval_of_few_groups_must_be_asked_for():
    held = [[1, 1, 1, 9], [5, 5, 6], [1, 2, 3, 4], [1, 8, 1, 9]]
    assert mean_burstiness(held).low is None
    asked = mean_burstiness(held, fewest=4)
    assert asked.low is not None
    assert asked.low < asked.value < asked.high
