"""Figures in every draw of sessions, against hand counts and the libraries."""

import warnings

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tactful.evaluation.judges.measures import (
    Columns,
    agreement,
    auroc_draws,
    calibration,
    estimates,
    figure_draws,
    people_alpha,
)
from tactful.evaluation.judges.results import CATEGORIES
from tactful.stats.agreement import alpha_of_sums
from tactful.stats.bootstrap import estimate, group_draws
from tactful.stats.calibration import full_bins


def columns(count: int = 400, sessions: int = 8, seed: int = 0, *, ties: bool = False) -> Columns:
    rng = np.random.default_rng(seed)
    p = rng.random(count)
    if ties:
        p = np.round(p, 1)
    accepted = (rng.random(count) < p).astype(float)
    silent = rng.random(count) < 0.3
    category = np.where(silent, np.where(accepted > 0, 3, 2), np.where(accepted > 0, 0, 1))
    return Columns(
        accepted=accepted,
        said=(p >= 0.5).astype(float),
        p=p,
        even=p,
        category=category,
        session=rng.integers(0, sessions, count),
        votes=np.stack([rng.integers(0, 4, count), np.full(count, 3)], axis=1).astype(float),
    )


@pytest.mark.parametrize("ties", [False, True])
def test_auroc_equals_the_library_with_and_without_weights(ties):
    data = columns(ties=ties)
    whole = np.ones((1, data.sessions))
    assert auroc_draws(data, whole)[0] == pytest.approx(roc_auc_score(data.accepted, data.p), abs=1e-12)
    counts = np.bincount(data.category, minlength=4)
    found = figure_draws(data, whole, equal=True)["auroc"][0]
    expected = roc_auc_score(data.accepted, data.p, sample_weight=1 / counts[data.category])
    assert found == pytest.approx(expected, abs=1e-12)


def test_auroc_is_computed_anew_in_every_draw():
    data = columns()
    draws = group_draws(data.sessions, 5, seed=3)
    found = auroc_draws(data, draws)
    for at, draw in enumerate(draws):
        times = draw[data.session].astype(int)
        expected = roc_auc_score(np.repeat(data.accepted, times), np.repeat(data.p, times))
        assert found[at] == pytest.approx(expected, abs=1e-12)


def test_categories_weigh_the_same_whatever_their_number():
    # 3 hits of which 2 accepted, 1 false alarm rejected, 1 missed need accepted, 1 correct silence accepted
    data = Columns(
        accepted=np.array([1, 1, 1, 0, 0, 1.0]),
        said=np.array([1, 1, 0, 0, 1, 1.0]),
        p=np.array([0.9, 0.8, 0.4, 0.2, 0.7, 0.6]),
        even=np.array([0.9, 0.8, 0.4, 0.2, 0.7, 0.6]),
        category=np.array([0, 0, 0, 1, 2, 3]),
        session=np.zeros(6, dtype=int),
        votes=np.zeros((6, 2)),
    )
    found = {name: value[0] for name, value in figure_draws(data, np.ones((1, 1)), equal=True).items()}
    # each category weighs 1: TP = 2/3 + 1, FN = 1/3, FP = 1, TN = 1
    assert found["accuracy"] == pytest.approx((2 / 3 + 1 + 1) / 4)
    assert found["balanced_accuracy"] == pytest.approx(found["accuracy"])
    assert found["precision"] == pytest.approx((5 / 3) / (5 / 3 + 1))
    assert found["recall"] == pytest.approx((5 / 3) / 2)
    assert found["f1"] == pytest.approx(2 * (5 / 3) / (2 + 8 / 3))
    # squared errors: hits (0.01 + 0.04 + 0.36) / 3, then 0.04, 0.49 and 0.16, a quarter each
    assert found["brier"] == pytest.approx((0.41 / 3 + 0.04 + 0.49 + 0.16) / 4)
    assert found["category:hit"] == pytest.approx(2 / 3)
    plain = {name: value[0] for name, value in figure_draws(data, np.ones((1, 1)), equal=False).items()}
    # as it stands TP 3, FN 1, FP 1, TN 1
    assert plain["accuracy"] == pytest.approx(4 / 6)
    assert plain["f1"] == pytest.approx(6 / 8)


def test_a_draw_without_a_category_is_undefined_where_it_counts():
    data = Columns(
        accepted=np.array([1.0, 0.0]),
        said=np.array([1.0, 0.0]),
        p=np.array([0.9, 0.1]),
        even=np.array([0.9, 0.1]),
        category=np.array([0, 1]),
        session=np.array([0, 1]),
        votes=np.zeros((2, 2)),
    )
    found = figure_draws(data, np.array([[2.0, 0.0], [1.0, 1.0]]), equal=True)
    assert np.isnan(found["accuracy"][0])
    assert np.isnan(found["auroc"][0])
    assert found["accuracy"][1] == 1.0


def test_an_interval_is_not_estimable_from_one_session_or_where_draws_are_undefined():
    one = estimate(0.5, np.array([0.4, 0.6]), items=2, groups=1)
    assert (one.value, one.low) == (0.5, None)
    half = estimate(0.5, np.array([np.nan, 0.5, 0.6]), items=2, groups=3)
    assert half.low is None
    assert estimate(np.nan, np.array([0.1]), items=0, groups=3).value is None


def test_nothing_and_one_class_give_no_auroc_and_no_warning():
    data = columns(40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = data.take(np.zeros(40, dtype=bool))
        assert estimates(empty, group_draws(0, 10, 0), equal=True) == {}
        one_class = data.take(data.accepted > 0)
        found = estimates(one_class, group_draws(one_class.sessions, 10, 0), equal=True)
    assert found["auroc"].value is None
    assert found["balanced_accuracy"].value is None
    assert found["accuracy"].value is not None


def test_equal_probabilities_share_a_bin():
    assert set(full_bins(np.full(7, 0.3))) == {0}
    places = full_bins(np.arange(100) / 100)
    assert np.bincount(places).tolist() == [10] * 10


def test_calibration_of_true_probabilities_lies_at_its_floor():
    data = columns(4000, sessions=20)
    found = calibration(data, "proposals", seed=0)
    assert found is not None
    assert found.ece.value is not None
    assert found.ece.value <= found.ece_floor.high
    assert found.session_gap.value is not None
    assert found.session_gap.value <= 1.5 * found.session_gap_floor.high


def test_calibration_of_squeezed_probabilities_lies_above_its_floor():
    data = columns(4000, sessions=20)
    squeezed = data.judged(data.p * 0.5, data.said)
    found = calibration(squeezed, "proposals", seed=0)
    assert found is not None
    assert found.ece.value is not None
    # p is half of the rate: the mean gap is about 0.25
    assert found.ece.value == pytest.approx(0.25, abs=0.03)
    assert found.ece.low is None, "no interval holds a calibration error"
    assert found.ece.value > found.ece_floor.high


def test_ece_of_one_bin_is_the_gap_of_the_means():
    data = columns(200)
    flat = data.judged(np.full(200, 0.9), data.said)
    found = calibration(flat, "silences", seed=0)
    assert found is not None
    assert len(found.bins) == 1
    assert found.ece.value == pytest.approx(abs(0.9 - found.rate))


def test_calibration_of_a_missing_kind_is_none():
    data = columns(50)
    only = data.take(data.of_kind("proposals"))
    assert calibration(only, "silences", seed=0) is None


def test_alpha_equals_the_library():
    data = columns(60)
    draws = group_draws(data.sessions, 20, 0)
    verdicts = np.stack([data.said, data.accepted])
    found = agreement(data, draws)
    expected = krippendorff.alpha(reliability_data=verdicts, level_of_measurement="nominal")
    assert found.with_verdict.value == pytest.approx(expected, abs=1e-9)
    ones = data.votes[:, 0]
    votes = np.array([[1] * int(one) + [0] * int(3 - one) for one in ones])  # (items, 3)
    pairs = np.stack([np.repeat(data.said, 3), votes.ravel()])
    expected = krippendorff.alpha(reliability_data=pairs, level_of_measurement="nominal")
    assert found.with_annotator.value == pytest.approx(expected, abs=1e-9)
    expected = krippendorff.alpha(reliability_data=votes.T, level_of_measurement="nominal")
    assert people_alpha(data, draws).value == pytest.approx(expected, abs=1e-9)


def test_people_alpha_leaves_out_moments_with_a_single_vote():
    data = columns(60)
    votes = data.votes.copy()
    votes[:20] = [1, 1]
    mixed = Columns(data.accepted, data.said, data.p, data.p, data.category, data.session, votes)
    found = people_alpha(mixed, group_draws(data.sessions, 20, 0))
    table = np.stack([votes[20:, 0], 3 - votes[20:, 0]], axis=1)
    expected = krippendorff.alpha(value_counts=table, level_of_measurement="nominal")
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.items == 40


def test_alpha_of_one_value_is_undefined():
    assert np.isnan(alpha_of_sums(np.array([0.0, 6.0, 6.0])))
    assert np.isnan(alpha_of_sums(np.zeros(3)))


def test_categories_are_those_of_the_records():
    assert CATEGORIES == ("hit", "false-alarm", "missed-need", "correct-silence")
