"""A choice from what is believed, its propensity, and the bounds that no draw passes."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tactful.live.learning.choosing import Guards, choose, drawn_shares, shown_history
from tactful.live.learning.patience import Belief
from tactful.policy import CostPolicy, FixedPolicy, RandomPolicy
from tactful.policy.cost import Costs
from tactful.types import PublicState

TWO, THREE = CostPolicy(("answer", "ask")), CostPolicy(("LOW", "MID", "HIGH"))
UNSURE = Belief(((1.0, 1.3, 2.3),))
TURNED = Belief(((0.4, 2.0, 20.0), (0.6, 4.0, 2.0)))
DRAWS = 4000


def state(need: float = 0.9, **more: object) -> PublicState:
    fields = {"domain": "coding", "query": "x", "query_clarity": 1 - need, "task_complexity": 0.0}
    return PublicState(id="s", **fields | more)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("policy", [TWO, THREE])
@pytest.mark.parametrize("belief", [UNSURE, TURNED])
@pytest.mark.parametrize("need", [0.6, 0.9])
@pytest.mark.parametrize("explore", [0.2, 0.5])
def test_choices_come_as_often_as_their_logged_propensity(
    policy: CostPolicy, belief: Belief, need: float, explore: float
) -> None:
    rng, guards = random.Random(7), Guards(explore=explore)
    chosen = [choose(policy, state(need), belief, guards, rng) for _ in range(DRAWS)]
    logged = chosen[0].decision.probabilities
    assert all(one.decision.probabilities == logged for one in chosen)
    assert sum(logged.values()) == pytest.approx(1)
    for action, count in Counter(one.decision.action for one in chosen).items():
        error = 4.5 * (logged[action] * (1 - logged[action]) / DRAWS) ** 0.5
        assert count / DRAWS == pytest.approx(logged[action], abs=error + 1e-9)
    for asks in (True, False):
        found = {one.propensity for one in chosen if one.asks is asks}
        share = sum(one.asks is asks for one in chosen) / DRAWS
        assert len(found) <= 1
        for propensity in found:
            assert propensity == pytest.approx(share, abs=0.04)


def test_a_draw_with_three_actions_takes_each_where_it_is_best() -> None:
    policy = CostPolicy(THREE.actions, Costs(otherwise=(0.63, 0.77)))
    here = state(domain="letters")
    shares, counted = drawn_shares(policy, here, UNSURE), Counter[str]()
    rng = random.Random(3)
    for _ in range(DRAWS):
        weighed = policy.weigh(here, UNSURE.draw(rng))
        counted[policy.asking(here, weighed) if weighed.asks else "LOW"] += 1
    assert len(counted) == 3
    for action, share in shares.items():
        assert counted[action] / DRAWS == pytest.approx(share, abs=0.035)


def test_with_exploration_switched_off_the_best_guess_is_certain() -> None:
    guards = Guards(explore=0.0)
    for belief, asks in ((Belief(((1.0, 1.0, 20.0),)), True), (Belief(((1.0, 8.0, 2.0),)), False)):
        chosen = [choose(TWO, state(), belief, guards, random.Random(n)) for n in range(50)]
        assert {(one.asks, one.propensity, one.explored) for one in chosen} == {(asks, 1.0, False)}


@pytest.mark.slow
def test_exploration_goes_against_the_best_guess_in_no_more_than_its_share() -> None:
    rng = random.Random(5)
    chosen = [choose(TWO, state(), UNSURE, Guards(explore=0.3), rng) for _ in range(DRAWS)]
    assert 0 < sum(one.explored for one in chosen) / DRAWS < 0.3
    assert {one.reason.partition(",")[0] for one in chosen if one.explored} == {"drawn"}


@pytest.mark.parametrize(
    "more",
    [{"prev_reject": 1}, {"need_unknown": "no reader"}, {"query_clarity": 1.0}, {"questions_asked": 2}],
)
def test_what_the_policy_never_asks_no_draw_asks(more: dict[str, object]) -> None:
    rng = random.Random(1)
    chosen = [choose(TWO, state(**more), UNSURE, Guards(explore=0.5), rng) for _ in range(300)]
    assert {(one.asks, one.propensity) for one in chosen} == {(False, 1.0)}


@pytest.mark.parametrize(
    "policy", [TWO, RandomPolicy(("answer", "ask")), FixedPolicy("ask", ("answer", "ask"))]
)
def test_no_policy_passes_a_guard(policy: CostPolicy | RandomPolicy | FixedPolicy) -> None:
    patient = Belief(((1.0, 1.0, 50.0),))
    chosen = [
        choose(policy, state(), patient, Guards(explore=0.5), random.Random(n), held="enough")
        for n in range(200)
    ]
    assert not any(one.asks for one in chosen)
    assert {one.decision.action for one in chosen} == {"answer"}
    assert "enough" in {one.reason for one in chosen}


def test_a_policy_that_draws_has_a_propensity_and_one_that_does_not_has_none() -> None:
    drawn = choose(RandomPolicy(("LOW", "MID", "HIGH")), state(), UNSURE, Guards(), random.Random(2))
    assert drawn.propensity == pytest.approx(2 / 3 if drawn.asks else 1 / 3)
    fixed = choose(FixedPolicy("ask", ("answer", "ask")), state(), UNSURE, Guards(), random.Random(2))
    assert (fixed.asks, fixed.propensity) == (True, None)


def test_reactions_of_this_task_count_once() -> None:
    """They are in the belief; the counts in the state, which say the same, change nothing."""
    fresh = choose(TWO, state(), UNSURE, Guards(), random.Random(1))
    counted = choose(TWO, state(answered=9), UNSURE, Guards(), random.Random(1))
    assert counted.decision.probabilities == fresh.decision.probabilities


class TestGuards:
    guards = Guards(questions_per_conversation=3, rejected_in_a_row=3, rest_days=7)

    def test_a_conversation_holds_no_more_questions_than_allowed(self) -> None:
        assert self.guards.held(2, 0, 0) == ""
        assert "3 questions" in self.guards.held(3, 0, 0)
        assert Guards(questions_per_conversation=0).held(0, 0, 0)

    def test_after_three_rejections_a_user_is_left_in_peace(self) -> None:
        assert self.guards.held(0, 2.5, 0) == ""
        assert "rejected the last 3" in self.guards.held(0, 3, 0.1)

    def test_nobody_is_given_up_for_ever(self) -> None:
        assert self.guards.held(0, 3, 6.9)
        assert self.guards.held(0, 3, 7.1) == ""
        assert self.guards.held(0, 4, 13.9)  # a further rejection doubles it
        assert self.guards.held(0, 4, 14.1) == ""
        assert self.guards.held(0, 400, 59)
        assert self.guards.held(0, 400, 61) == ""

    def test_rejections_among_the_last_questions_say_that_somebody_is_annoyed(self) -> None:
        guards = Guards(annoyed_after=1.2, annoyed_of=3, cool_down_days=3)
        assert guards.annoyed((), 0) == ""
        assert guards.annoyed((1, 0.1, 0), 0) == ""
        assert "rejected 2 of the last 3 questions" in guards.annoyed((0, 0.7, 0, 0.6), 0.2)
        assert guards.annoyed((1, 1, 0, 0), 0) == ""  # only one of the last three
        assert guards.annoyed((1, 1), 3.0) == ""
        assert Guards().annoyed((1, 1, 1, 1), 0) == ""  # off, unless somebody wants it

    def test_whoever_is_annoyed_is_asked_what_matters_much_and_nothing_is_tried_out_on_them(self) -> None:
        patient = Belief(((1.0, 1.0, 50.0),))
        for rejects, asks in ((0.1, True), (0.9, False)):
            guards = Guards(explore=0.5, annoyed_rejects=rejects)
            chosen = [
                choose(TWO, state(), patient, guards, random.Random(n), annoyed="they mind")
                for n in range(50)
            ]
            assert {(one.asks, one.propensity, one.explored) for one in chosen} == {(asks, 1.0, False)}
            assert {one.reason.partition(";")[0] for one in chosen} == {"they mind"}

    def test_a_policy_that_weighs_no_costs_asks_nothing_of_whoever_is_annoyed(self) -> None:
        chosen = choose(
            FixedPolicy("ask", ("answer", "ask")), state(), UNSURE, Guards(), random.Random(1), annoyed="no"
        )
        assert (chosen.asks, chosen.reason) == (False, "no")


def test_a_history_is_shown_in_whole_numbers() -> None:
    shown = shown_history((1.6, 3.2))
    assert (shown.rejected, shown.answered, shown.questions) == (2, 3, 5)
