"""Means of group means, and when an interval can be had."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from tactful.stats import Estimate
from tactful.stats.bootstrap import (
    estimate,
    group_draws,
    group_means,
    group_sums,
    grouped_gap,
    grouped_mean,
    ratio,
    resampled,
    tail,
)
from tactful.stats.shares import clustered_share


def test_a_base_task_counts_once_however_many_episodes_it_has():
    # a: (0+0+0+1)/4 = 0.25, b: 0.75; mean of the two 0.5 (of all five values it would be 0.35)
    found = grouped_mean([0, 0, 0, 1, 0.75], ["a", "a", "a", "a", "b"])
    assert found.value == pytest.approx(0.5)
    assert (found.items, found.groups, found.unscored) == (5, 2, 0)


def test_unscored_items_are_left_out_and_counted():
    # a: 1, b: 0 (its second is unscored), c: all unscored, so no group
    found = grouped_mean([1.0, 0.0, np.nan, np.nan], ["a", "b", "b", "c"])
    assert (found.value, found.items, found.groups, found.unscored) == (0.5, 2, 2, 2)


@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_nothing_scored_has_no_value_and_says_so(values):
    found = grouped_mean(values, ["a"] * len(values))
    assert (found.value, found.low, found.high, found.groups) == (None, None, None, 0)
    assert found.unscored == len(values)
    assert found.text() == "nothing scored"
    assert not found.above_zero


@pytest.mark.parametrize(("values", "groups"), [([0.2, 0.4], ["a", "a"]), ([0.3, 0.3, 0.3], ["a", "b", "c"])])
def test_one_group_or_all_equal_is_not_estimable_and_never_a_victory(values, groups):
    found = grouped_mean(values, groups)
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == (None, None)
    assert found.text() == "0.300 [interval not estimable]"
    assert not found.above_zero


def test_the_interval_is_scipys_bca_over_group_means_at_the_level_for_so_few():
    rng = np.random.default_rng(7)
    groups = [f"g{i % 20:02}" for i in range(200)]
    values = rng.exponential(size=200)
    # t of 19 is 2.0930; √(20/19) · 2.0930 = 2.1474, which leaves 1.588% on either side of a normal
    assert tail(20) == pytest.approx(0.01588, abs=1e-5)
    expected = bootstrap(
        (group_means(values, groups),),
        np.mean,
        n_resamples=2000,
        method="BCa",
        confidence_level=1 - 2 * tail(20),
        rng=np.random.default_rng(0),
    ).confidence_interval
    found = grouped_mean(values, groups)
    assert (found.low, found.high) == (expected.low, expected.high)


@pytest.mark.parametrize("how", [grouped_mean, lambda values, groups: resampled_mean(values, groups)])
def test_an_interval_needs_eight_groups(how):
    values, groups = np.arange(8.0), list("abcdefgh")
    assert how(values, groups).low is not None
    few = how(values[:7], groups[:7])
    assert (few.value, few.low, few.high) == (3.0, None, None)


def resampled_mean(values, groups):
    sums = np.stack([values, np.ones(len(values))], axis=1)
    return resampled(sums, lambda rows: {"mean": rows[:, 0] / rows[:, 1]}, items=len(values))["mean"]


def test_the_quantiles_of_draws_are_those_of_a_95_percent_interval():
    # 1,000 draws of 0, 1, …, 999 and so many groups that nothing is corrected: 2.5% and 97.5% of 999
    found = estimate(500.0, np.arange(1000.0), items=10**6, groups=10**6)
    assert (found.low, found.high) == pytest.approx((24.975, 974.025), abs=0.01)
    # at 8 groups: √(8/7) · 2.3646 = 2.5279, which leaves 0.574%
    assert estimate(500.0, np.arange(1000.0), items=7, groups=7).low is None
    few = estimate(500.0, np.arange(1000.0), items=8, groups=8)
    assert (few.low, few.high) == pytest.approx((5.73, 993.27), abs=0.01)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_sample_is_not_estimable_anywhere(value):
    values, groups = np.full(40, value), [f"g{i % 20}" for i in range(40)]
    index, ones = np.arange(40) % 20, np.ones(40)
    sums = group_sums(index, np.stack([values, ones], axis=1), 20)
    draws = group_draws(20, 500, 0)
    left = np.arange(40) < 20
    for found in (
        grouped_mean(values, groups),
        grouped_gap(values, left, ~left, groups),
        resampled_mean(values[:20], groups[:20]),
        ratio(sums[:, 0], sums[:, 1], draws, items=40),
        clustered_share(round(40 * value) if value != 0.3 else 40, 40, 0.0, 20),
    ):
        assert found is not None
        assert (found.low, found.high) == (None, None)


def test_a_figure_that_a_tenth_of_the_draws_lacks_is_not_estimable():
    draws = np.where(np.arange(1000) < 101, np.nan, np.arange(1000.0))
    assert estimate(500.0, draws, items=50, groups=50).low is None
    assert estimate(500.0, np.where(np.arange(1000) < 99, np.nan, np.arange(1000.0)), items=50, groups=50).low


def test_draws_in_parts_equal_those_at_once():
    rng = np.random.default_rng(3)
    sums = rng.random((15, 2))
    found = resampled(sums, lambda rows: {"x": rows[:, 0] / rows[:, 1]}, items=15, seed=4, resamples=1050)[
        "x"
    ]
    at_once = ratio(sums[:, 0], sums[:, 1], group_draws(15, 1050, 4), items=15)
    assert (found.low, found.high) == pytest.approx((at_once.low, at_once.high))


def test_nothing_is_undefined_and_no_error():
    found = resampled(np.zeros((0, 2)), lambda rows: {"x": np.full(len(rows), np.nan)}, items=0)["x"]
    assert (found.value, found.low, found.groups) == (None, None, 0)


def test_equal_seeds_give_equal_intervals_and_others_nearly_so():
    values, groups = np.random.default_rng(0).random(12), list("abcdefghijkl")
    assert grouped_mean(values, groups) == grouped_mean(values, groups)
    one, other = (grouped_mean(values, groups, seed=seed) for seed in (1, 2))
    assert one != other
    assert one.low == pytest.approx(other.low, abs=0.05)


def test_a_paired_difference_is_narrower_than_the_two_apart():
    rng = np.random.default_rng(1)
    groups = [f"g{i}" for i in range(40)]
    baseline = rng.normal(size=40)
    better = baseline + 0.1 + rng.normal(scale=0.02, size=40)
    gap = grouped_mean(better - baseline, groups)
    assert gap.above_zero
    assert gap.value == pytest.approx(0.1, abs=0.02)
    apart = grouped_mean(better, groups)
    assert gap.high - gap.low < 0.1 * (apart.high - apart.low)


def test_an_interval_below_zero_is_not_above_it():
    estimate = Estimate(value=-0.2, low=-0.3, high=-0.1, items=3, groups=3)
    assert not estimate.above_zero
    assert estimate.text() == "-0.200 [-0.300, -0.100]"
    assert not Estimate(value=0.1, low=0.0, high=0.2, items=3, groups=3).above_zero


@pytest.mark.slow
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(-1, 1) | st.just(float("nan"))), max_size=30))
def test_group_means_are_those_of_a_loop(rows):
    groups, values = [g for g, _ in rows], np.array([v for _, v in rows], dtype=float)
    expected = [
        np.mean([v for g, v in rows if g == name and not np.isnan(v)])
        for name in "abcd"
        if any(g == name and not np.isnan(v) for g, v in rows)
    ]
    assert group_means(values, groups) == pytest.approx(expected)


def test_many_groups_are_drawn_otherwise_and_give_the_same_interval():
    # means of n independent values with spread 1: the interval is ± 1.96 / √n, on either side of 1,000 groups
    rng = np.random.default_rng(3)
    for count in (900, 4000):
        values = rng.normal(size=count)
        sums = np.column_stack([values, np.ones(count)])
        found = resampled(sums, lambda rows: {"mean": rows[:, 0] / rows[:, 1]}, items=count)["mean"]
        assert found.value == pytest.approx(values.mean())
        assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(count), rel=0.1)


def test_a_sparse_array_of_sums_gives_what_a_full_one_gives():
    from scipy.sparse import csr_array

    sums = np.random.default_rng(4).integers(0, 2, size=(30, 2)).astype(float)

    def statistic(rows):
        return {"ratio": rows[:, 0] / rows[:, 1]}

    assert resampled(csr_array(sums), statistic, items=30) == resampled(sums, statistic, items=30)
