"""Baselines of judges: what each says, and that a look-up knows a leak and nothing else."""

import asyncio

import numpy as np
import pytest
from tests.evaluation.acceptance_fixtures import item
from tests.reward.synthetic import make_items

from tactful.evaluation.judges.baselines import (
    BASELINES,
    Coin,
    Constant,
    LookUp,
    at_even_rates,
    base_rates,
    baseline_values,
    looked_up,
)

KNOWN = [
    item(1, "hit", seen="A", need=True),
    item(2, "false-alarm", seen="A", need=True),
    item(3, "missed-need", seen="A", need=True),
    item(4, "false-alarm", seen="B", need=False),
    item(5, "correct-silence", seen="B", need=False),
]


def ask(judge, *items):
    return [(one.accepted, one.p_accept) for one in judge.judge_now([one.moment for one in items])]


def test_look_up_accepts_proposals_where_help_was_wanted_and_silence_elsewhere():
    wanted = item(10, "false-alarm", seen="A"), item(11, "correct-silence", seen="A")
    # proposals at points of need: 1 of 2 accepted; silences there: 0 of 1
    assert ask(LookUp(KNOWN), *wanted) == [(True, 0.5), (False, 0.0)]
    unwanted = item(12, "hit", seen="B"), item(13, "missed-need", seen="B")
    assert ask(LookUp(KNOWN), *unwanted) == [(False, 0.0), (True, 1.0)]


def test_look_up_says_the_mean_of_the_kind_where_it_does_not_know_the_observation():
    # proposals: 1 of 3 accepted; silences: 1 of 2
    new = item(20, "hit", seen="C"), item(21, "missed-need", seen="C")
    assert ask(LookUp(KNOWN), *new) == [(False, pytest.approx(1 / 3)), (True, 0.5)]


def test_look_up_never_reads_a_proposal():
    one = item(30, "hit", seen="A")
    other = one.moment.model_copy(update={"proposal": "something else altogether"})
    said = LookUp(KNOWN).judge_now([one.moment, other])
    assert said[0] == said[1]


def test_a_moment_never_informs_its_own_judgement():
    lone = [item(1, "hit", seen="A", need=True)]
    assert LookUp(lone).judge_now([lone[0].moment])[0].accepted is None
    # two silences at one point that disagree: each is told by the other alone
    pair = [item(1, "missed-need", seen="A"), item(2, "correct-silence", seen="A")]
    assert [one.accepted for one in LookUp(pair).judge_now([one.moment for one in pair])] == [True, False]


def test_need_is_read_off_silences_where_nobody_said_it():
    known = [item(1, "missed-need", seen="A"), item(2, "hit", seen="B")]
    assert ask(LookUp(known), item(3, "hit", seen="A")) == [(True, 1.0)]


def test_look_up_across_sessions_knows_means_only():
    items = make_items(6, 6)
    found = looked_up(items)
    for session in {one.moment.session for one in items}:
        mine = [at for at, one in enumerate(items) if one.moment.session == session]
        for silent in (True, False):
            kind = [found[at].p_accept for at in mine if (items[at].moment.proposal is None) is silent]
            assert len(set(kind)) == 1
    assert [one.moment_id for one in found] == [one.moment.id for one in items]


def test_look_up_with_one_session_knows_nothing():
    items = make_items(1, 6)
    assert {one.p_accept for one in looked_up(items)} == {None}


def test_baseline_values_are_those_of_the_judges():
    items = make_items(3, 4)
    values = baseline_values(items)
    assert tuple(values) == BASELINES
    assert set(values["always-accept"].verdict) == {1.0}
    assert set(values["always-reject"].p) == {0.0}
    assert set(values["random"].verdict) == {0.5}
    assert np.isfinite(values["look-up"].p).all()
    # what is known of other sessions is no more than the base rate: even odds where all categories weigh the same
    assert values["look-up"].even == pytest.approx(0.5)


def test_base_rates_are_those_of_the_other_parts_by_kind():
    items = [item(1, "hit"), item(2, "false-alarm", session="s2"), item(3, "missed-need", session="s2")]
    found = base_rates(items)
    assert found[:2].tolist() == [0.0, 1.0]
    assert np.isnan(found[2])
    # one fold holds the first two: the third is told nothing of its kind, the first two nothing of proposals
    assert np.isnan(base_rates(items, parts=["a", "a", "b"])).all()
    assert base_rates(items, known=items).tolist()[:2] == [0.0, 1.0]


def test_probabilities_move_to_even_rates_by_their_odds():
    # odds 1/3 at rate 1/4 (odds 1/3) are even; 0.5 at rate 1/4 is odds 3
    moved = at_even_rates(
        np.array([0.25, 0.5, 0.0, 1.0, 0.3, 0.3]), np.array([0.25, 0.25, 0.25, 0.25, 0.0, np.nan])
    )
    assert moved.tolist() == pytest.approx([0.5, 0.75, 0.0, 1.0, 0.3, 0.3])


def test_look_up_by_session_says_what_the_slow_way_says():
    items = make_items(4, 4)
    slow = looked_up(items, parts=[one.moment.session for one in items])
    assert looked_up(items) == slow


@pytest.mark.parametrize("judge", [Constant(accepts=True), Constant(accepts=False), Coin(), LookUp(KNOWN)])
def test_baselines_are_judges_of_moments(judge):
    moments = [one.moment for one in KNOWN]
    batch = asyncio.run(judge.judge_batch(moments))
    assert batch == [asyncio.run(judge.judge(moment)) for moment in moments] == judge.judge_now(moments)
    assert judge.name in BASELINES


def test_the_coin_is_fair_and_seeded():
    moments = [item(number, "hit").moment for number in range(400)]
    first = [one.accepted for one in Coin(1).judge_now(moments)]
    assert first == [one.accepted for one in Coin(1).judge_now(moments)]
    assert first != [one.accepted for one in Coin(2).judge_now(moments)]
    assert 160 < sum(map(bool, first)) < 240  # 200 ± 4 sd
