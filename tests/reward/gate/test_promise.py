from __future__ import annotations

import numpy as np
import pytest

from tactful.errors import UserError
from tactful.reward.gate.conformal import conformal_threshold
from tactful.reward.gate.promise import OF, promise

CLAIM = (
    "for new sessions drawn like these, the mean false-alarm rate is at most 0.1, with confidence 0.9 over the "
    "calibration sessions; not for each session, and not under shift"
)


def calibrated(sessions: int, moments: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 1, sessions * moments)
    return p, rng.random(p.size) < p, [f"s{at // moments}" for at in range(p.size)]


def test_what_is_promised_is_claimed_in_these_words():
    found = promise(*calibrated(60), alpha=0.1)
    assert found.kept
    assert found.words == CLAIM
    assert found.risk is not None
    assert found.risk < 0.1
    assert 0 < found.spoken < found.moments == 1800


@pytest.mark.parametrize("of", OF)
def test_21_sessions_cannot_promise_a_tenth_whatever_they_hold(of):
    # ln 0.1 / ln 0.9 = 21.85
    p, accepted, sessions = (
        np.full(210, 0.99),
        np.ones(210, dtype=bool),
        [f"s{at // 10}" for at in range(210)],
    )
    found = promise(p, accepted, sessions, alpha=0.1, delta=0.1, of=of)
    assert found.threshold is None
    assert not found.kept
    assert "21 calibration sessions" in found.reason
    assert "at least 22" in found.reason
    assert found.words.startswith("cannot promise: ")


def test_sessions_without_unwanted_moments_can_promise_a_rate_once_there_are_enough():
    p, accepted, sessions = np.full(220, 0.5), np.ones(220, dtype=bool), [f"s{at // 10}" for at in range(220)]
    assert promise(p, accepted, sessions, alpha=0.1).threshold == 0.005


@pytest.mark.parametrize("of", OF)
def test_sessions_of_which_nothing_is_scored_bear_no_promise(of):
    p, accepted, sessions = calibrated(22)
    p[30:] = np.nan  # one session is scored; the judge was silent on 21
    found = promise(p, accepted, sessions, alpha=0.1, of=of)
    assert (found.threshold, found.sessions, found.moments, found.unscored) == (None, 1, 30, 630)
    assert found.reason.startswith("1 calibration sessions;")
    assert conformal_threshold(p, accepted, sessions, alpha=0.1).sessions == 1
    nothing = promise(np.full(p.size, np.nan), accepted, sessions, alpha=0.1, of=of)
    assert (nothing.threshold, nothing.sessions) == (None, 0)


@pytest.mark.parametrize("of", ["ratio", "session-ratio"])
def test_an_alpha_near_one_starts_at_the_loosest_threshold(of):
    p, accepted, sessions = calibrated(60)
    assert promise(p, accepted, sessions, alpha=0.999, of=of).threshold == 0.005


def test_too_many_false_alarms_everywhere_cannot_be_promised():
    p, accepted, sessions = (
        np.full(400, 1.0),
        np.zeros(400, dtype=bool),
        [f"s{at // 10}" for at in range(400)],
    )
    found = promise(p, accepted, sessions, alpha=0.1)
    assert found.threshold is None
    assert "already at 0.99 the mean rate of these 40 sessions is 1.000" in found.reason


def test_a_ratio_that_is_not_shown_says_where_the_test_starts():
    p, accepted, sessions = np.full(400, 0.5), np.ones(400, dtype=bool), [f"s{at // 10}" for at in range(400)]
    found = promise(p, accepted, sessions, alpha=0.1, of="ratio")  # never reaches 0.9: silence proves nothing
    assert found.threshold is None
    assert "at 0.9, where the test starts" in found.reason
    assert promise(p, accepted, sessions, alpha=0.1, of="ratio", start=0.5).threshold == 0.005


@pytest.mark.parametrize("of", ["ratio", "session-ratio"])
def test_a_promised_ratio_is_met_on_its_own_sessions(of):
    found = promise(*calibrated(300), alpha=0.3, of=of)
    assert found.kept
    assert found.risk is not None
    assert found.risk <= 0.3
    assert "at most 0.3 of what is said" in found.words
    assert "silent sessions count 0" in found.words


def test_judgements_of_several_models_promise_nothing():
    found = promise(*calibrated(60), alpha=0.1, basis="cross-judged")
    assert found.threshold is not None
    assert not found.kept
    assert found.words.startswith("no promise, an indication")


def test_equal_sessions_in_another_order_give_the_same_promise():
    p, accepted, sessions = calibrated(60)
    order = np.random.default_rng(1).permutation(p.size)
    again = promise(p[order], accepted[order], np.array(sessions)[order], alpha=0.1)
    assert again == promise(p, accepted, sessions, alpha=0.1)


def test_unscored_moments_are_counted_beside():
    p, accepted, sessions = calibrated(60)
    p[:7] = np.nan
    found = promise(p, accepted, sessions, alpha=0.1)
    assert (found.unscored, found.moments) == (7, 1793)


@pytest.mark.parametrize(("alpha", "delta"), [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0)])
def test_impossible_bounds_are_refused(alpha, delta):
    with pytest.raises(UserError, match="expected a number between 0 and 1"):
        promise(*calibrated(30), alpha=alpha, delta=delta)


def test_conformal_threshold_is_the_worked_one():
    # 9 sessions, one unwanted moment each, at 0.1, 0.2 … 0.9; alpha 0.3: (losses + 1) / 10 ≤ 0.3 allows 2 losses,
    # so the threshold is the loosest above 0.7
    p = np.arange(1, 10) / 10
    found = conformal_threshold(p, np.zeros(9, dtype=bool), [f"s{at}" for at in range(9)], alpha=0.3)
    assert found.threshold == 0.705
    assert found.risk == pytest.approx(2 / 9)
    assert found.words.startswith("on average over calibration sets like this one")


def test_conformal_threshold_needs_sessions_and_says_how_many():
    found = conformal_threshold([0.5], [True], ["s"], alpha=0.1)  # 1 / 0.1 − 1 = 9
    assert found.threshold is None
    assert "1 sessions, at least 9 are needed" in found.words
    many = conformal_threshold(
        np.ones(20), np.zeros(20, dtype=bool), [f"s{at}" for at in range(20)], alpha=0.1
    )
    assert "already at 0.99 the mean rate is 1.000" in many.words
