"""The published counting, each quirk worked out by hand."""

import pytest
from tests.evaluation.proactive_fixtures import event

from tactful.data.formats.traces import Answer
from tactful.evaluation.proactive.published import (
    Prediction,
    count,
    figures,
    is_proposed,
    judged_text,
    pairs_of,
)

HERE = event(0, "The user opens a spreadsheet.")


def answer(*said: str | None, state: str = "answered") -> Answer:
    return Answer(event=HERE, state=state, said=said)  # type: ignore[arg-type]


def pair(proposed: bool, accepted: bool | None) -> Prediction:
    return Prediction(proposed=proposed, accepted=accepted)


def test_four_outcomes_and_five_figures_follow_the_published_rules() -> None:
    # proposed: accepted ×3 (TP), rejected ×1 (FP); silent: accepted ×2 (TN), rejected ×4 (FN)
    pairs = [pair(True, True)] * 3 + [pair(True, False)] + [pair(False, True)] * 2 + [pair(False, False)] * 4
    found = count(pairs, quirks=True)
    assert (found.tp, found.fp, found.tn, found.fn) == (3, 1, 2, 4)
    assert found.recall == pytest.approx(3 / 7)
    assert found.precision == pytest.approx(3 / 4)
    assert found.accuracy == pytest.approx(5 / 10)
    assert found.false_alarm == pytest.approx(1 / 4), "False-Alarm is FP/(TP + FP), not FP/(FP + TN) = 1/3"
    assert found.f1 == pytest.approx(2 * (3 / 7) * (3 / 4) / (3 / 7 + 3 / 4))


def test_an_empty_denominator_gives_zero_by_the_epsilon() -> None:
    found = count([pair(False, True)], quirks=True)
    assert (found.recall, found.precision, found.false_alarm, found.f1) == (0, 0, 0, 0)
    assert found.accuracy == pytest.approx(1)
    nothing = count([], quirks=True)
    assert (nothing.accuracy, nothing.f1) == (0, 0)


def test_the_epsilon_stands_in_every_denominator() -> None:
    # TP 1, nothing else: 1/(1 + 1e-8), not 1
    found = figures(1, 0, 0, 0)
    assert found.recall == 1 / (1 + 1e-8) < 1
    assert found.precision == 1 / (1 + 1e-8)
    assert found.accuracy == 1 / (1 + 1e-8)
    r = 1 / (1 + 1e-8)
    assert found.f1 == 2 * r * r / (2 * r + 1e-8)


def test_quirk_the_text_null_is_a_proposal() -> None:
    assert [is_proposed(one) for one in pairs_of(answer("null"), quirks=True)] == [True]
    assert [is_proposed(one) for one in pairs_of(answer("null"), quirks=False)] == [False]
    assert judged_text("null") is None, "it is put to the judge as silence"


def test_null_itself_is_silence_with_and_without_the_quirks() -> None:
    for quirks in (True, False):
        assert [is_proposed(one) for one in pairs_of(answer(None), quirks=quirks)] == [False]


def test_quirk_an_unreadable_judgement_counts_as_rejected() -> None:
    pairs = [pair(True, None), pair(False, None), pair(True, True)]
    with_quirks = count(pairs, quirks=True)
    assert (with_quirks.tp, with_quirks.fp, with_quirks.tn, with_quirks.fn) == (1, 1, 0, 1)
    without = count(pairs, quirks=False)
    assert (without.tp, without.fp, without.tn, without.fn) == (1, 0, 0, 0)


def test_quirk_several_predictions_at_one_event_each_count() -> None:
    several = answer("sum the column", "draw a chart", None)
    assert pairs_of(several, quirks=True) == ("sum the column", "draw a chart", None)
    assert pairs_of(several, quirks=False) == ("sum the column",)


def test_quirk_a_failed_call_leaves_an_object_whose_keys_are_predictions() -> None:
    failed = answer("candidate_task", state="failed")
    assert pairs_of(failed, quirks=True) == ("candidate_task",)
    assert pairs_of(failed, quirks=False) == ()


def test_an_event_without_any_response_is_skipped() -> None:
    assert pairs_of(answer(state="absent"), quirks=True) == ()


def test_a_coin_is_counted_in_expected_counts() -> None:
    coin = [
        Prediction(proposed=True, accepted=True, weight=0.5),
        Prediction(proposed=False, accepted=True, weight=0.5),
    ]
    found = count(coin, quirks=True)
    assert (found.tp, found.tn) == (0.5, 0.5)
