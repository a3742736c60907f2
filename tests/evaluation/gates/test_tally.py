from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.acceptance_fixtures import item, said
from tests.evaluation.gating_fixtures import calibrated

from tactful.evaluation.gates.tally import Weighing, moments_of, tally, threshold_tally
from tactful.reward.gate.rule import ABSTAIN, SILENT, SPEAK, Costs
from tactful.reward.types import Acceptance

# session a: hit 0.9 (needed), false alarm 0.8, hit 0.3 (not needed); session b: false alarm 0.6 (needed)
ITEMS = [
    item(1, "hit", session="a", need=True),
    item(2, "false-alarm", session="a", need=False),
    item(3, "hit", session="a", need=False),
    item(4, "false-alarm", session="b", need=True),
    item(5, "missed-need", session="b"),
    item(6, "hit", session="b"),
]
SAID = said(ITEMS, [0.9, 0.8, 0.3, 0.6, 0.5, None])


def test_only_proposals_with_a_scored_judgement_are_decided_and_the_rest_is_counted():
    moments = moments_of(ITEMS, SAID)
    assert moments.p.tolist() == [0.9, 0.8, 0.3, 0.6]
    assert (moments.silences, moments.unscored) == (1, 1)
    assert [moments.names[at] for at in moments.session] == ["a", "a", "a", "b"]


def test_an_unlabelled_need_is_taken_from_the_verdict():
    moments = moments_of(
        [item(1, "hit"), item(2, "false-alarm")], said([item(1, "hit"), item(2, "false-alarm")], [1, 1])
    )
    assert moments.needed.tolist() == [True, False]


def test_nothing_to_decide_gives_empty_columns():
    moments = moments_of(ITEMS[4:5], SAID[4:5])
    assert (len(moments.p), moments.names) == (0, ())


def test_the_sums_are_the_worked_ones():
    moments = moments_of(ITEMS, SAID)
    found = tally(moments, np.array([SPEAK, ABSTAIN, SILENT, SPEAK], dtype=np.int8))
    assert found.hits[:, 0].tolist() == [1, 0]
    assert found.false_alarms[:, 0].tolist() == [0, 1]
    assert found.withheld[:, 0].tolist() == [1, 0]
    assert found.withheld_needed[:, 0].tolist() == [0, 0]
    assert found.unmet[:, 0].tolist() == [0, 0]
    assert found.correct_silences[:, 0].tolist() == [0, 0]
    assert found.abstained[:, 0].tolist() == [1, 0]
    assert found.moments.tolist() == [3, 1]


def test_thresholds_give_the_same_sums_as_their_actions():
    moments = moments_of(*calibrated(5, 30))
    levels = np.append(np.unique(moments.p), 2.0)
    fast = threshold_tally(moments, levels)
    slow = tally(moments, np.where(moments.p >= levels[:, None], SPEAK, SILENT).astype(np.int8))
    for name, value in vars(slow).items():
        assert np.array_equal(value, getattr(fast, name)), name


@pytest.mark.parametrize(
    ("form", "judged_need", "expected"),
    [
        # silent throughout: withheld 2 (one needed), unmet 2; costs 2 and 1
        ("prism", False, -2 / 3),
        ("prism", True, -1 / 3),
        ("utility", False, -2 / 4),
        ("utility", True, -2 / 4),
    ],
)
def test_silence_costs_what_it_withholds(form, judged_need, expected):
    moments = moments_of(ITEMS, SAID)
    found = tally(moments, np.full(4, SILENT, dtype=np.int8))
    sums = Weighing(Costs(false_alarm=2, miss=1), form, judged_need).sums(found)
    assert sums.sum() == pytest.approx(expected)


def test_speaking_is_worth_its_hits_less_its_false_alarms():
    found = tally(moments_of(ITEMS, SAID), np.full(4, SPEAK, dtype=np.int8))  # 2 hits, 2 false alarms
    costs = Costs(false_alarm=2, miss=1)
    assert Weighing(costs).sums(found).sum() == pytest.approx(-4 / 3)
    assert Weighing(costs, "utility").sums(found).sum() == pytest.approx((2 - 4) / 4)


@pytest.mark.parametrize("form", ["prism", "utility"])
@pytest.mark.parametrize("judged_need", [True, False])
def test_for_given_actions_utility_never_rises_with_a_cost(form, judged_need):
    moments = moments_of(*calibrated(5, 30))
    found = threshold_tally(moments, np.unique(moments.p))

    def unscaled(alarm: float, miss: float) -> np.ndarray:
        weighing = Weighing(Costs(false_alarm=alarm, miss=miss), form, judged_need)
        return weighing.sums(found) * (alarm + miss + (form == "utility"))

    assert (unscaled(3, 1) <= unscaled(2, 1)).all()
    assert (unscaled(2, 4) <= unscaled(2, 1)).all()


def test_a_share_of_the_grid_gives_costs_that_sum_to_one_or_keep_the_miss():
    weighing = Weighing(Costs(false_alarm=2, miss=3))
    assert weighing.at(0.2).costs == Costs(false_alarm=0.2, miss=0.8)
    utility = Weighing(Costs(false_alarm=2, miss=3), "utility").at(0.2).costs
    assert (utility.false_alarm, utility.miss) == (0.25, 3)  # 0.25 / 1.25 = 0.2


def test_an_unscored_judgement_of_a_proposal_is_no_silence():
    one = item(1, "hit")
    moments = moments_of([one], [Acceptance.unscored(one.moment.id, reason="unreadable")])
    assert (moments.unscored, moments.silences) == (1, 0)


@pytest.mark.parametrize("form", ["prism", "utility"])
def test_what_the_best_threshold_is_worth_never_rises_with_a_cost(form):
    moments = moments_of(*calibrated(5, 30))
    found = threshold_tally(moments, np.append(np.unique(moments.p), 2.0))

    def best(alarm: float, miss: float) -> float:
        sums = Weighing(Costs(false_alarm=alarm, miss=miss), form).sums(found).sum(axis=0)
        return float(sums.max()) * (alarm + miss + (form == "utility"))

    for cost in np.arange(0.5, 6, 0.5):
        assert best(cost + 0.5, 1) <= best(cost, 1) + 1e-9
        assert best(2, cost + 0.5) <= best(2, cost) + 1e-9
