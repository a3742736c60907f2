"""ProactiveBench's own figures of a reward model, worked out by hand for each quirk."""

import pytest
from tests.evaluation.acceptance_fixtures import item

from tactful.evaluation.judges.published import as_published

FOUR = [item(1, "hit"), item(2, "false-alarm"), item(3, "missed-need"), item(4, "correct-silence")]


def test_counts_have_accepted_by_the_judge_against_valid():
    row = as_published(FOUR, [1, 1, 0, 0], name="judge")
    # hit accepted: TP; false alarm accepted: FP; missed need rejected: TN; correct silence rejected: FN
    assert (row.tp, row.fp, row.tn, row.fn) == (1, 1, 1, 1)
    assert row.category_accuracy == {"hit": 1, "false-alarm": 0, "missed-need": 1, "correct-silence": 0}
    assert (row.accuracy, row.precision, row.recall, row.f1) == (0.5, 0.5, 0.5, 0.5)


def test_an_unreadable_judgement_is_wrong_in_its_category_and_not_accepted_in_the_counts():
    row = as_published(FOUR, [None, None, None, None], name="judge")
    assert set(row.category_accuracy.values()) == {0.0}
    # hit and correct silence were valid: 2 FN; the other two were not: 2 TN, so Accuracy is 2/4 though all are wrong
    assert (row.tp, row.fp, row.tn, row.fn) == (0, 0, 2, 2)
    assert row.accuracy == 0.5
    assert row.precision is None
    assert row.f1 == 0.0


def test_always_accept_has_f1_two_thirds_on_balanced_categories():
    row = as_published(FOUR, [1, 1, 1, 1], name="always-accept", baseline=True)
    # TP 2, FP 2: F1 = 4 / (4 + 2)
    assert row.f1 == pytest.approx(2 / 3)


def test_a_coin_gives_expected_counts():
    row = as_published(FOUR, [0.5] * 4, name="random", baseline=True)
    assert (row.tp, row.fp, row.tn, row.fn) == (1, 1, 1, 1)
    assert row.category_accuracy["false-alarm"] == 0.5


def test_nothing_gives_no_figure():
    row = as_published([], [], name="judge")
    assert (row.accuracy, row.precision, row.recall, row.f1) == (None, None, None, None)
    assert row.category_accuracy == {}
