"""Measures by hand, their intervals, and nothing, one class and unscored items."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from tactful.evaluation.feedback.measures import (
    Scored,
    cut_curve,
    indices,
    measure_difference,
    measure_labels,
    reliability,
)
from tactful.feedback.labels import LABELS

PRAISE, NEUTRAL, WRONG = "pos_praise", "neutral", "neg_correction"


def scored(gold, said, confidence=None, dialogue=None) -> Scored:
    gold_at, said_at = indices(gold), indices(said)
    count = len(gold_at)
    return Scored(
        gold=gold_at,
        said=said_at,
        tolerated=gold_at == said_at,
        confidence=np.array(confidence if confidence is not None else [np.nan] * count, dtype=float),
        dialogue=np.array(dialogue if dialogue is not None else range(count)),
    )


def test_measures_by_hand():
    # praise: 1 hit, gold 2, said 1 → F1 2/3; neutral: 1 hit, gold 1, said 2 → 2/3; correction: 1 of 1 → 1.
    found, table = measure_labels(scored([PRAISE, PRAISE, NEUTRAL, WRONG], [PRAISE, NEUTRAL, NEUTRAL, WRONG]))
    assert found["accuracy"].value == pytest.approx(0.75)
    assert found["macro_f1"].value == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert found["recall:pos_praise"].value == pytest.approx(0.5)
    assert found["precision:neutral"].value == pytest.approx(0.5)
    assert found["negative_f1"].value == 1.0
    assert found["precision:topic_shift"].value is None
    assert table.sum() == 4


def test_macro_f1_equals_scikit_learn_on_the_labels_that_people_gave():
    rng = np.random.default_rng(0)
    gold, said = (list(rng.choice([str(label) for label in LABELS[:5]], 300)) for _ in range(2))
    found, _ = measure_labels(scored(gold, said))
    assert found["macro_f1"].value == pytest.approx(f1_score(gold, said, average="macro"))


def test_unscored_items_are_in_no_figure_and_counted():
    found, _ = measure_labels(scored([PRAISE, PRAISE, NEUTRAL], [PRAISE, None, NEUTRAL]))
    assert (found["accuracy"].value, found["accuracy"].items, found["accuracy"].unscored) == (1.0, 2, 1)


def test_nothing_scored_gives_no_figure():
    assert measure_labels(scored([PRAISE], [None]))[0] == {}
    assert cut_curve(scored([PRAISE], [None])) == []
    assert reliability(scored([PRAISE], [None])) is None
    assert measure_difference(scored([PRAISE], [None]), scored([PRAISE], [PRAISE])) == {}


def test_one_dialogue_has_no_interval_and_one_class_no_negative_figure():
    found, _ = measure_labels(scored([PRAISE] * 4, [PRAISE] * 4, dialogue=[0] * 4))
    assert found["accuracy"].value == 1.0
    assert found["accuracy"].low is None
    assert found["negative_f1"].value is None


def test_intervals_follow_dialogues_not_items():
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(20) < 0.5, 50)
    gold = [PRAISE] * 1000
    said = [PRAISE if hit else NEUTRAL for hit in right]
    wide = measure_labels(scored(gold, said, dialogue=np.repeat(range(20), 50)))[0]["accuracy"]
    narrow = measure_labels(scored(gold, said))[0]["accuracy"]
    assert wide.high - wide.low > 4 * (narrow.high - narrow.low)


def test_a_difference_is_paired():
    gold = [PRAISE, NEUTRAL] * 50
    same = scored(gold, gold)
    worse = scored(gold, [PRAISE] * 100)
    assert measure_difference(same, same)["macro_f1"].value == 0
    found = measure_difference(same, worse)["accuracy"]
    assert found.value == pytest.approx(0.5)
    assert found.above_zero


def test_coverage_falls_and_precision_is_that_of_the_kept():
    curve = cut_curve(scored([PRAISE] * 4, [PRAISE, PRAISE, NEUTRAL, NEUTRAL], [0.9, 0.8, 0.3, 0.1]))
    by_tau = {tau: (coverage.value, precision.value) for tau, coverage, precision in curve}
    assert by_tau[0.0] == (1.0, 0.5)
    assert by_tau[0.5] == (0.5, 1.0)
    assert by_tau[0.95] == (0.0, None)


def test_calibration_by_hand():
    # 0.95 twice, one right: |1.9 − 1| / 4; 0.05 twice, none right: 0.1 / 4 → 0.25.
    found = reliability(scored([PRAISE] * 4, [PRAISE, NEUTRAL, NEUTRAL, NEUTRAL], [0.95, 0.95, 0.05, 0.05]))
    assert found is not None
    assert found.ece.value == pytest.approx(0.25)
    assert found.ece.low is None, "no interval holds a calibration error"
    assert 0 < found.floor.mean < found.floor.high
    assert found.bins == [(pytest.approx(0.05), 0.0, 2), (pytest.approx(0.95), 0.5, 2)]
