from __future__ import annotations

import numpy as np
import pytest

from tactful.errors import UserError
from tactful.reward.gate.losses import (
    GRID,
    check_share,
    count_sessions,
    rate_losses,
    ratio_losses,
    session_ratio_losses,
)

# one session: unwanted at 0.2, 0.6, 0.8; wanted at 0.7; thresholds 0.9, 0.6, 0.1
P, ACCEPTED, SESSIONS = [0.2, 0.6, 0.8, 0.7], [False, False, False, True], ["s"] * 4
LEVELS = np.array([0.9, 0.6, 0.1])


def test_counts_and_losses_are_the_worked_ones():
    counts = count_sessions(P, ACCEPTED, SESSIONS, LEVELS)
    assert counts.false_alarms.tolist() == [[0, 2, 3]]
    assert counts.hits.tolist() == [[0, 1, 1]]
    assert (counts.unwanted.tolist(), counts.moments.tolist()) == ([3], [4])
    assert rate_losses(counts.false_alarms, counts.unwanted) == pytest.approx(np.array([[0, 2 / 3, 1]]))
    # 0.5 + (FP − 0.5·(TP + FP)) / 4: 0.5; 0.5 + (2 − 1.5)/4 = 0.625; 0.5 + (3 − 2)/4 = 0.75
    ratio = ratio_losses(counts.false_alarms, counts.hits, counts.moments, 0.5)
    assert ratio == pytest.approx(np.array([[0.5, 0.625, 0.75]]))
    own = session_ratio_losses(counts.false_alarms, counts.hits, 0.5)
    assert own == pytest.approx(np.array([[0.5, 2 / 3, 0.75]]))


def test_a_session_without_unwanted_moments_loses_nothing():
    counts = count_sessions([0.9, 0.9], [True, False], ["good", "bad"], LEVELS)
    found = rate_losses(counts.false_alarms, counts.unwanted)
    assert sorted(found[:, 0].tolist()) == [0, 1]


def test_unscored_moments_are_left_out_and_counted():
    counts = count_sessions([np.nan, 0.8], [False, False], ["s", "s"], LEVELS)
    assert (counts.unscored, counts.unwanted.tolist()) == (1, [1])


def test_the_order_of_sessions_follows_from_their_names_alone():
    first = count_sessions([0.9, 0.2, 0.2], [False] * 3, ["a", "b", "c"], LEVELS)
    again = count_sessions([0.2, 0.2, 0.9], [False] * 3, ["c", "b", "a"], LEVELS)
    assert first.false_alarms.tolist() == again.false_alarms.tolist()


def test_sessions_are_not_bet_in_the_order_of_their_names():
    # names may tell of time or place: sorted, the first days would be bet first
    names = [f"day {at:02}" for at in range(40)]
    counts = count_sessions([0.95] * 40, [at >= 20 for at in range(40)], names, LEVELS)
    rejected = counts.unwanted.tolist()  # 1 for each of the first twenty names
    assert sum(rejected) == 20
    assert rejected != sorted(rejected, reverse=True)
    assert rejected != sorted(rejected)


def test_all_losses_lie_between_0_and_1():
    rng = np.random.default_rng(0)
    p, names = rng.random(500), rng.integers(0, 40, 500).astype(str)
    counts = count_sessions(p, rng.random(500) < p, names, GRID)
    for found in (
        rate_losses(counts.false_alarms, counts.unwanted),
        ratio_losses(counts.false_alarms, counts.hits, counts.moments, 0.1),
        session_ratio_losses(counts.false_alarms, counts.hits, 0.1),
    ):
        assert found.min() >= 0
        assert found.max() <= 1


@pytest.mark.parametrize(
    ("p", "accepted", "sessions", "problem"),
    [
        ([], [], [], "no moment"),
        ([0.5], [True, False], ["s"], "1 probabilities, 2 verdicts and 1 sessions"),
        ([1.5], [True], ["s"], "1.5 is no probability"),
    ],
)
def test_unusable_arrays_are_refused_with_what_is_wrong(p, accepted, sessions, problem):
    with pytest.raises(UserError, match=problem):
        count_sessions(p, accepted, sessions, GRID)


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_a_share_of_all_or_nothing_is_refused(value):
    with pytest.raises(UserError, match="alpha is"):
        check_share("alpha", value)
