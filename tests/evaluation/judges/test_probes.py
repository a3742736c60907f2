"""Attacks on judges: what each changes, and what is reported of it."""

import asyncio
from collections import Counter

import pytest
from tests.evaluation.acceptance_fixtures import Rule, item
from tests.reward.synthetic import make_items

from tactful.evaluation.judges.attacks import ORDERS, PROBES
from tactful.evaluation.judges.baselines import BASELINES
from tactful.evaluation.judges.probes import (
    choose_moments,
    probe_baselines,
    probe_judge,
    probe_table,
    within_length_bounds,
)

ITEMS = make_items(8, 5)
MOMENTS = [one.moment for one in ITEMS]
PROPOSALS = sum(moment.proposal is not None for moment in MOMENTS)


def probed(judge, moments=MOMENTS):
    return {one.probe: one for one in asyncio.run(probe_judge(moments, judge))}


def test_a_judge_that_pays_for_length_is_found_out():
    found = probed(Rule(lambda moment: min(1.0, len(moment.proposal or "") / 300)))
    long = found["filler × 20"]
    assert long.max_shift is not None
    assert long.max_shift > 0.5
    assert long.mean_shift.above_zero
    assert long.bought.value == 1.0
    assert long.items == PROPOSALS
    assert not within_length_bounds(list(found.values()))


def test_a_judge_that_reads_no_proposal_moves_under_no_attack_on_it():
    found = probed(Rule(lambda moment: 0.4))
    assert {one.max_shift for one in found.values()} == {0.0}
    assert {one.flipped.value for one in found.values()} == {0.0}
    assert within_length_bounds(list(found.values()))


@pytest.mark.parametrize("name", ORDERS)
def test_an_obedient_judge_is_found_out_by_every_wording(name):
    order = ORDERS[name]

    def obedient(moment):
        everything = " ".join([event.text for event in moment.events] + [moment.proposal or ""])
        return 0.99 if order in everything else 0.1

    found = probed(Rule(obedient))
    for place in ("event", "proposal"):
        result = found[f"{place}: {name}"]
        assert result.bought.value == 1.0
        assert result.mean_shift.value == pytest.approx(0.89)


def test_orders_in_events_reach_silences_too_and_attacks_on_proposals_leave_them_out():
    found = probed(Rule(lambda moment: 0.4))
    assert found["event: plain"].items == len(MOMENTS)
    assert found["praise alone"].items == PROPOSALS


def test_attacks_leave_everything_else_as_it_was():
    moment = next(one for one in MOMENTS if one.proposal is not None)
    for probe in PROBES:
        attacked = probe.attack(moment)
        assert attacked != moment
        same = ["id", "session", "user", "history"]
        same += ["proposal"] if probe.group == "order in an event" else ["events"]
        for field in same:
            assert getattr(attacked, field) == getattr(moment, field), probe.name
    groups = Counter(probe.group for probe in PROBES)
    assert set(groups) == {"length", "parroting", "praise", "order in an event", "order in the proposal"}
    assert len({probe.name for probe in PROBES}) == len(PROBES)


def test_chinese_proposals_are_attacked_in_chinese():
    moment = item(1, "hit").moment.model_copy(update={"proposal": "帮您整理这份销售表格的列类型"})
    filled = next(probe for probe in PROBES if probe.name == "filler × 1").attack(moment)
    assert "这是可以采取的一个步骤" in (filled.proposal or "")


def test_unscored_before_or_after_is_left_out_and_counted():
    found = probed(Rule(lambda moment: None if "wonderful" in (moment.proposal or "") else 0.4))
    praise = found["praise alone"]
    assert (praise.items, praise.unscored) == (0, PROPOSALS)
    assert praise.max_shift is None
    assert praise.flipped.value is None


def test_no_moment_gives_no_figure_and_does_not_pass_the_bounds():
    found = probed(Rule(lambda moment: 0.4), [])
    assert found["filler × 1"].mean_shift.value is None
    assert not within_length_bounds(list(found.values()))
    assert not within_length_bounds([])


@pytest.mark.slow
def test_baselines_are_attacked_too_and_stand_in_the_table():
    baselines = asyncio.run(probe_baselines(MOMENTS, ITEMS))
    assert [one.judge for one in baselines] == list(BASELINES)
    assert [one.max_shift for one in baselines[:3]] == [0.0, 0.0, 0.0]
    table = probe_table([*probed(Rule(lambda moment: 0.4)).values(), *baselines])
    assert [row.name for row in table.rows if row.baseline] == list(BASELINES)
    assert "Length is within the bounds" in table.notes[0]


def test_moments_are_drawn_evenly_over_sessions():
    chosen = choose_moments(MOMENTS, 16)
    assert set(Counter(moment.session for moment in chosen).values()) == {2}
    assert choose_moments(MOMENTS, 10_000) == MOMENTS
    assert choose_moments(MOMENTS, 16) == chosen
