"""Means of group means, and when an interval can be had."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap

from tactful.stats.bootstrap import Estimate, group_means, grouped_mean


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


def test_the_interval_is_scipys_bca_over_group_means():
    rng = np.random.default_rng(7)
    groups = [f"g{i % 20}" for i in range(200)]
    values = rng.exponential(size=200)
    means = np.array([values[i::20].mean() for i in range(20)])
    expected = bootstrap(
        (means,), np.mean, n_resamples=2000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    found = grouped_mean(values, groups)
    # scipy sees the groups in order of name, so the resamples differ in order only
    assert found.low == pytest.approx(expected.low, abs=0.02)
    assert found.high == pytest.approx(expected.high, abs=0.02)
    in_order = group_means(values, groups)
    exact = bootstrap(
        (in_order,), np.mean, n_resamples=2000, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert (found.low, found.high) == (exact.low, exact.high)


def test_equal_seeds_give_equal_intervals_and_others_nearly_so():
    values, groups = [0.1, 0.4, 0.2, 0.9, 0.5], list("abcde")
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


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(-1, 1) | st.just(float("nan"))), max_size=30))
def test_group_means_are_those_of_a_loop(rows):
    groups, values = [g for g, _ in rows], np.array([v for _, v in rows], dtype=float)
    expected = [
        np.mean([v for g, v in rows if g == name and not np.isnan(v)])
        for name in "abcd"
        if any(g == name and not np.isnan(v) for g, v in rows)
    ]
    assert group_means(values, groups) == pytest.approx(expected)
