"""`measure`: a judge beside its baselines, on anything that may be handed to it."""

import json
import warnings

import pytest
from tests.evaluation.acceptance_fixtures import item, said
from tests.reward.synthetic import make_items, truth

from tactful.errors import UserError
from tactful.evaluation.judges.baselines import BASELINES
from tactful.evaluation.judges.measure import measure
from tactful.evaluation.judges.results import CATEGORIES, FIGURES, Measured
from tactful.evaluation.judges.tables import judge_tables


def test_a_judge_stands_beside_all_baselines_with_intervals():
    items = make_items(12, 8)
    chances = truth(items)
    found = measure(
        items, said(items, [chances[one.moment.id] for one in items]), judge="truth", resamples=200
    )
    assert [row.name for row in found.rows] == ["truth", *BASELINES]
    assert [row.name for row in found.published] == ["truth", *BASELINES]
    assert [one.baseline for one in found.differences] == list(BASELINES)
    auroc = found.row.equal["auroc"]
    assert auroc.value is not None
    assert auroc.low is not None
    assert auroc.high is not None
    assert 0.6 < auroc.low < auroc.value < auroc.high
    assert auroc.groups == 12
    assert found.baseline("always-accept").equal["f1"].value == pytest.approx(2 / 3)
    assert found.baseline("random").equal["auroc"].value == 0.5
    looked_up = found.baseline("look-up").equal["balanced_accuracy"].value
    assert looked_up is not None
    assert looked_up <= 0.5
    gain = next(one for one in found.differences if one.baseline == "look-up").equal["auroc"]
    assert gain.above_zero


@pytest.mark.slow
def test_probabilities_that_are_true_are_calibrated():
    items = make_items(60, 8)
    chances = truth(items)
    found = measure(
        items, said(items, [chances[one.moment.id] for one in items]), judge="truth", resamples=100
    )
    for one in found.row.calibration:
        assert one.ece.value is not None
        assert one.ece.value <= one.ece_floor.high


def test_unscored_moments_are_left_out_and_counted_but_stay_in_the_published_figures():
    items = [item(1, "hit"), item(2, "hit"), item(3, "false-alarm"), item(4, "false-alarm", session="s2")]
    found = measure(items, said(items, [0.9, None, 0.1, 0.2]), judge="judge", resamples=50)
    assert found.unscored == 1
    assert found.row.plain["accuracy"].value == 1.0
    assert found.row.plain["accuracy"].items == 3
    assert found.row.plain["accuracy"].unscored == 1
    # as published the unreadable one is a false negative, and wrong in its category
    assert found.published[0].fn == 1
    assert found.published[0].category_accuracy["hit"] == 0.5


@pytest.mark.parametrize(
    "items",
    [
        [item(1, "hit")],
        [item(number, "hit") for number in range(4)],
        [item(number, "missed-need", session=f"s{number % 2}") for number in range(4)],
        [item(number, CATEGORIES[number % 4]) for number in range(8)],
    ],
    ids=["one item", "one class, one session", "silences of one class", "one session"],
)
@pytest.mark.parametrize("p", [0.7, None], ids=["scored", "unscored"])
def test_degenerate_data_give_values_without_intervals_never_a_crash_or_a_warning(items, p):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure(items, said(items, [p] * len(items)), judge="judge", resamples=50)
        tables = judge_tables(found)
    assert tables
    assert [row.name for row in found.rows] == ["judge", *BASELINES]
    if p is None:
        assert found.unscored == len(items)
        assert found.row.equal == {}
    elif found.sessions == 1:
        assert all(one.low is None for row in found.rows for one in row.equal.values())
    assert Measured.model_validate_json(found.model_dump_json()) == found


def test_nothing_is_refused_with_a_sentence():
    with pytest.raises(UserError, match="no labelled moment"):
        measure([], [], judge="judge")


def test_judgements_in_another_order_are_refused():
    items = [item(1, "hit"), item(2, "hit")]
    with pytest.raises(UserError, match="'m2' stands where that of 'm1' belongs"):
        measure(items, said(list(reversed(items)), [0.5, 0.5]), judge="judge")
    with pytest.raises(UserError, match="1 judgements for 2 moments"):
        measure(items, said(items[:1], [0.5]), judge="judge")


def test_every_row_is_measured_on_the_moments_that_the_judge_scored():
    items = [item(number, CATEGORIES[number % 4], session=f"s{number % 3}") for number in range(24)]
    found = measure(items, said(items, [None] * 12 + [0.6] * 12), judge="judge", resamples=50)
    assert {row.plain["accuracy"].items for row in found.rows} == {12}


def test_equal_seeds_give_equal_results_and_json_reads_back():
    items = make_items(6, 6)
    judged = said(items, [0.5] * len(items))
    one, two = (measure(items, judged, judge="flat", seed=3, resamples=100) for _ in range(2))
    assert one == two
    assert Measured.model_validate(json.loads(one.model_dump_json())) == one


def test_the_figures_have_a_meaning_each():
    items = make_items(6, 6)
    found = measure(items, said(items, [0.5] * len(items)), judge="flat", resamples=50)
    assert set(found.row.equal) == set(found.row.plain) == set(FIGURES)
    assert set(found.row.categories) == set(CATEGORIES)


def test_a_session_of_one_class_has_no_auroc_of_its_own():
    items = [
        item(1, "hit"),
        item(2, "hit"),
        item(3, "hit", session="s2"),
        item(4, "false-alarm", session="s2"),
    ]
    found = measure(items, said(items, [0.9, 0.8, 0.7, 0.2]), judge="judge", resamples=50)
    assert [one.auroc for one in found.by_session] == [None, 1.0]


def test_calibrated_probabilities_are_moved_to_even_rates_where_categories_weigh_the_same():
    # proposals are accepted in 1 of 4 cases, silences in 3 of 4; the judge ranks well within each kind
    items = [
        item(number, "hit" if number % 4 == 0 else "false-alarm", session=f"s{number % 5}")
        for number in range(40)
    ]
    items += [
        item(number, "missed-need" if number % 4 == 0 else "correct-silence", session=f"s{number % 5}")
        for number in range(40, 80)
    ]
    chances = {"hit": 0.4, "false-alarm": 0.2, "missed-need": 0.6, "correct-silence": 0.8}
    judged = said(items, [chances[one.category] for one in items])
    rates = [0.25 if one.moment.proposal else 0.75 for one in items]
    plain = measure(items, judged, judge="judge", resamples=20)
    moved = measure(items, judged, judge="judge", rates=rates, resamples=20)
    # unmoved, a missed need (0.6) ranks above a hit (0.4): of 4 equal pairs of categories one is lost
    assert plain.row.equal["auroc"].value == pytest.approx(0.75)
    assert moved.row.equal["auroc"].value == pytest.approx(1.0)
    assert moved.at_even_rates
    assert moved.row.plain == plain.row.plain
    assert any("moved from the base rate" in note for note in judge_tables(moved)[0].notes)
