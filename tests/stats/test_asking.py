"""The field's measures of asking, with expected values worked out by hand."""

import pytest

from tactful.stats.asking import AskingCounts, asking_figures, clarity_of


def test_ask_f1_is_the_harmonic_mean_of_precision_and_recall():
    # ten groups alike: of 4 questions 3 were needed (0.75); of 5 blockers 3 were asked (0.6); 2·0.45/1.35 = 2/3
    one = AskingCounts(turns=8, asked=4, questions_judged=4, questions_needed=3, blockers=5, blockers_asked=3)
    found = asking_figures([one] * 10)
    assert found["asking_rate"].value == 0.5
    assert found["question_precision"].value == 0.75
    assert found["blocker_recall"].value == pytest.approx(0.6)
    assert found["ask_f1"].value == pytest.approx(2 / 3)
    assert found["ask_f1"].low is None  # every draw is the same: not estimable
    assert found["question_precision"].items == 40


def test_intervals_hold_where_groups_differ():
    good = AskingCounts(
        turns=2, asked=1, questions_judged=1, questions_needed=1, blockers=1, blockers_asked=1
    )
    bad = AskingCounts(turns=2, asked=1, questions_judged=1, blockers=1)
    found = asking_figures([good] * 20 + [bad] * 20)["ask_f1"]
    assert found.value == pytest.approx(0.5)
    assert found.low is not None
    assert found.high is not None
    assert 0.3 < found.low < 0.5 < found.high < 0.7


def test_a_measure_that_fewer_than_eight_groups_have_has_no_interval_whatever_others_have():
    asked = AskingCounts(turns=2, asked=1, questions_judged=1, questions_needed=1)
    needless = AskingCounts(turns=2, asked=1, questions_judged=1)
    for of_each, with_interval in ((3, False), (4, True)):
        found = asking_figures([asked, needless] * of_each + [AskingCounts(turns=2)] * 10)
        precision = found["question_precision"]
        assert (precision.value, precision.groups, precision.low is not None) == (
            0.5,
            2 * of_each,
            with_interval,
        )
        assert found["asking_rate"].low is not None


def test_nothing_asked_leaves_precision_undefined_and_not_zero():
    found = asking_figures([AskingCounts(turns=3, blockers=1)] * 9)
    assert found["asking_rate"].value == 0
    assert found["question_precision"].value is None
    assert found["ask_f1"].value is None
    assert found["blocker_recall"].value == 0


def test_nothing_at_all_is_undefined():
    assert {value.value for value in asking_figures([]).values()} == {None}


def test_only_wrong_questions_give_zero():
    one = AskingCounts(turns=1, asked=1, questions_judged=1, blockers=1)
    assert asking_figures([one] * 8)["ask_f1"].value == 0


def test_questions_that_could_not_be_judged_are_counted_apart():
    one = AskingCounts(turns=2, asked=2, questions_judged=1, questions_needed=1, blockers=1, blockers_asked=1)
    found = asking_figures([one] * 8)["question_precision"]
    assert (found.value, found.items, found.unscored) == (1, 8, 8)


def test_turns_to_clarify_and_coverage_are_means_over_what_has_any():
    # two clarified after 1 and 3 turns: 2 each; coverage 1 and 0 over the two conversations with blockers: 0.5
    groups = [
        AskingCounts(clarified=1, turns_to_clarify=1, covered=1, with_blockers=1),
        AskingCounts(clarified=1, turns_to_clarify=3, covered=0, with_blockers=1),
        AskingCounts(),
    ]
    found = asking_figures(groups)
    assert found["turns_to_clarify"].value == 2
    assert found["key_question_coverage"].value == 0.5


def test_clarity_has_three_parts():
    assert [clarity_of(need) for need in (0.1, 0.25, 0.74, 0.75)] == ["clear", "between", "between", "open"]


def test_counts_add_up():
    total = AskingCounts(turns=1)
    total.add(AskingCounts(turns=2, asked=1))
    assert (total.turns, total.asked) == (3, 1)
