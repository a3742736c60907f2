"""Asking by probability and cost: worked numbers, and what may never happen, whatever the state."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.policy import CostPolicy
from tactful.policy.cost import Costs
from tactful.types import PublicState, UserHistory

LEVELS = ("LOW", "MID", "HIGH")


def state(need: float = 0.9, **changes) -> PublicState:
    base = {"id": "s", "domain": "coding", "query": "q", "query_clarity": 1 - need, "task_complexity": 0.1}
    return PublicState(**{**base, **changes})


def asked_of(policy: CostPolicy, seen: PublicState) -> int:
    """How much the action asks: 0, 1 or 2."""
    return policy.actions.index(policy.act(seen, random.Random(0)).action)


@st.composite
def histories(draw) -> UserHistory:
    answered, rejected, silent = (draw(st.integers(0, 6)) for _ in range(3))
    return UserHistory(tasks=3, questions=answered + rejected + silent, answered=answered, rejected=rejected)


@st.composite
def states(draw) -> PublicState:
    asked = draw(st.integers(0, 2))
    return state(
        draw(st.floats(0, 1)),
        domain=draw(st.sampled_from(["coding", "planning", "chat"])),
        dialogue_turn=asked + draw(st.integers(0, 3)),
        questions_asked=asked,
        answered=draw(st.integers(0, asked)),
        prev_reject=draw(st.integers(0, min(1, asked))),
        missing=draw(st.sampled_from([(), ("goal",), ("input", "context")])),
        user=draw(histories()),
    )


COSTS = st.lists(st.floats(0, 20), min_size=2, max_size=6).map(sorted)


@pytest.mark.slow
@given(seen=states(), scales=COSTS)
@settings(max_examples=300, deadline=None)
def test_at_one_state_less_is_asked_as_the_cost_rises(seen, scales):
    asked = [asked_of(CostPolicy(LEVELS, Costs(scale=scale)), seen) for scale in scales]
    assert asked == sorted(asked, reverse=True)


@pytest.mark.slow
@given(many=st.lists(states(), min_size=1, max_size=12), scales=COSTS, delta=st.floats(0, 2))
@settings(max_examples=60, deadline=None)
def test_the_rate_of_asking_falls_as_the_cost_rises(many, scales, delta):
    rates = [
        sum(asked_of(CostPolicy(LEVELS, Costs(scale=scale, delta=delta)), seen) > 0 for seen in many)
        for scale in scales
    ]
    assert rates == sorted(rates, reverse=True)


@given(seen=states())
@settings(max_examples=100, deadline=None)
def test_what_was_compared_says_what_was_done(seen):
    decision = CostPolicy(LEVELS).act(seen)
    assert (decision.weighed["worth"] > decision.weighed["cost"]) <= (decision.action != "LOW")
    assert decision.weighed["need"] == round(1 - seen.query_clarity, 6)


@pytest.mark.slow
@given(seen=states(), needs=st.lists(st.floats(0, 1), min_size=2, max_size=6).map(sorted))
@settings(max_examples=200, deadline=None)
def test_more_need_never_asks_less(seen, needs):
    asked = [
        asked_of(CostPolicy(LEVELS), seen.model_copy(update={"query_clarity": 1 - need})) for need in needs
    ]
    assert asked == sorted(asked)


@pytest.mark.slow
@given(seen=states())
@settings(max_examples=200, deadline=None)
def test_a_rejection_never_asks_more_and_an_answer_never_less(seen):
    user = seen.user
    rejected = user.model_copy(update={"questions": user.questions + 1, "rejected": user.rejected + 1})
    answered = user.model_copy(update={"questions": user.questions + 1, "answered": user.answered + 1})
    less, now, more = (
        asked_of(CostPolicy(LEVELS), seen.model_copy(update={"user": shown}))
        for shown in (rejected, user, answered)
    )
    assert less <= now <= more


@given(seen=states())
@settings(max_examples=100, deadline=None)
def test_progress_through_the_task_never_asks_more(seen):
    asked = [asked_of(CostPolicy(LEVELS), seen.model_copy(update={"dialogue_turn": at})) for at in range(6)]
    assert asked == sorted(asked, reverse=True)


@pytest.mark.slow
@given(seen=states())
@settings(max_examples=100, deadline=None)
def test_the_need_that_tips_it_is_where_asking_begins(seen):
    policy = CostPolicy(LEVELS)
    least = policy.tips_at(seen)
    for percent in range(0, 101, 5):
        asks = policy.weigh(seen.model_copy(update={"query_clarity": 1 - percent / 100})).asks
        assert asks == (least is not None and percent / 100 >= least)


def test_worked_example_of_a_stranger():
    # P(rejects) = 0.65 / 2.95 = 0.2203; raised by 0.1 · 0.7797 · 0.25 = 0.0195 to 0.2398.
    # One: worth 0.9 · 0.63 · 0.7602 = 0.4310, cost 0.1 + 0.7 · 0.2398 = 0.2679: 0.163 to the good.
    # Two: worth 0.9 · 0.90 · 0.7602 = 0.6158, cost 0.2 + 0.1679 = 0.3679: 0.248 to the good.
    found = CostPolicy(LEVELS).weigh(state(0.9))
    assert found.questions == 2
    assert found.rejects == pytest.approx(0.2398, abs=1e-4)
    assert found.worth == pytest.approx(0.6158, abs=1e-4)
    assert found.cost == pytest.approx(0.3679, abs=1e-4)
    decision = CostPolicy(LEVELS).act(state(0.9))
    assert decision.action == "HIGH"
    assert math.isclose(sum(decision.probabilities.values()), 1)


@pytest.mark.parametrize(
    ("seen", "action"),
    [
        ({}, "HIGH"),
        ({"domain": "planning"}, "MID"),  # a second answer brings 0.12 there, less than λ and its risk
        ({"missing": ("input",)}, "MID"),  # one thing is missing: one question
        ({"need": 0.3}, "LOW"),
        ({"prev_reject": 1, "questions_asked": 1}, "LOW"),
        ({"need_unknown": "another script", "need": 0.0}, "LOW"),
        ({"user": UserHistory(tasks=3, questions=3, rejected=3)}, "LOW"),
        ({"questions_asked": 2, "answered": 2}, "LOW"),
        ({"dialogue_turn": 3}, "LOW"),
    ],
)
def test_what_is_asked_of_whom(seen, action):
    assert CostPolicy(LEVELS).act(state(**seen)).action == action


def test_two_actions_do_where_there_are_but_two():
    policy = CostPolicy(("Execute", "Clarify"))
    assert policy.act(state()).action == "Clarify"
    assert policy.act(state(0.1)).action == "Execute"


def test_every_number_and_what_would_tip_it_is_told():
    lines = CostPolicy(LEVELS).explain(state(0.08, domain="chat"))
    # 0.2203 + 0.92 · 0.7797 · 0.25 = 0.3996; worth 0.08 · 0.8 · 0.6004 = 0.04; cost 0.1 + 0.7 · 0.3996 = 0.38
    assert lines[0] == "p(need) 0.08, missing: nothing, worth 0.04, cost 0.38: little is missing"
    assert lines[1] == "worth 0.04 = need 0.08 × value 0.80 × not rejected 0.60 × timing 1.00"
    assert lines[2] == "cost 0.38 = (λ 0.1 × 1 + δ 0.7 × P(rejects) 0.40)"
    assert lines[3].startswith("it would ask from p(need) 0.57, or if questions cost 0.1")


def test_what_is_not_known_is_said_in_place_of_numbers():
    lines = CostPolicy(LEVELS).explain(state(0.0, need_unknown="another script"))
    assert lines == ["p(need) not known, so the cheapest safe action: LOW (another script)"]


@pytest.mark.parametrize("costs", [Costs(scale=1e6), Costs(lam=1e19), Costs(delta=-1e19)])
def test_whatever_a_question_costs_the_probabilities_are_probabilities(costs):
    decision = CostPolicy(LEVELS, costs).act(state())
    assert sum(decision.probabilities.values()) == pytest.approx(1)
    assert all(0 <= p <= 1 for p in decision.probabilities.values())
