"""What the headline may say."""

import pytest
from tests.evaluation.worlds import OFFLINE, evaluation

from tactful.evaluation.policies.results import Comparison
from tactful.stats import Estimate


def against(*rows: tuple[str, float, float | None]) -> tuple[Comparison, ...]:
    """(baseline, mean difference, lower bound) of `learned`."""
    return tuple(
        Comparison(
            policy="learned",
            baseline=baseline,
            difference=Estimate(
                value=value, low=low, high=None if low is None else 2 * value - low, items=9, groups=9
            ),
            unseen_personas=None,
        )
        for baseline, value, low in rows
    )


@pytest.mark.slow
def test_victory_is_over_every_fixed_action():
    found = evaluation(
        comparisons=against(("always-LOW", 0.2, 0.1), ("always-MID", 0.1, 0.05), ("rule", -0.1, -0.2)),
        best_fixed="always-MID",
    )
    assert found.learned_wins  # the rule is no fixed action
    assert found.headline() == (
        "The learned policy beats every fixed level: 0.100 [0.050, 0.150] reward over always-MID, "
        "the best of them (95% interval, 9 base tasks). "
        "It is not shown to differ from the hand-written rule: -0.100 [-0.200, 0.000]."
    )


@pytest.mark.parametrize("low", [0.0, -0.01, None])
def test_one_fixed_action_not_beaten_is_named(low):
    found = evaluation(
        comparisons=against(("always-LOW", 0.2, 0.1), ("always-MID", 0.1, low)), best_fixed="always-MID"
    )
    assert not found.learned_wins
    assert found.headline().startswith("The learned policy is NOT shown to beat always-MID: difference to")


def test_too_few_tasks_are_told_with_the_number_that_is_needed():
    few = Estimate(value=0.0, items=5, groups=5)
    pair = [
        Comparison(policy="learned", baseline=name, difference=few, unseen_personas=None)
        for name in ("always-LOW", "rule")
    ]
    found = evaluation(comparisons=tuple(pair), best_fixed="always-LOW", base_tasks=5)
    assert found.headline() == (
        "The learned policy is NOT shown to beat always-LOW: difference to always-LOW 0.000 "
        "(5 base tasks are too few for an interval, 8 are needed). "
        "It is not shown to differ from the hand-written rule: 0.000 [interval not estimable]."
    )
    assert found.of_intervals().startswith(
        "There are no intervals by base task: 5 are too few, 8 are needed."
    )
    assert "no interval: all 9 base tasks are alike" in (
        evaluation(comparisons=against(("always-LOW", 0.1, None)), best_fixed="always-LOW").headline()
    )


def test_a_whole_interval_below_zero_is_called_worse_and_unseen_users_are_told():
    lost = against(("always-LOW", -0.2, -0.3))[0]
    unseen = Estimate(value=0.1, low=0.02, high=0.2, items=4, groups=4)
    found = evaluation(
        comparisons=(lost.model_copy(update={"unseen_personas": unseen}),), best_fixed="always-LOW"
    )
    assert found.headline() == (
        "The learned policy is WORSE than always-LOW: difference to always-LOW -0.200 [-0.300, -0.100] "
        "(95% interval, 9 base tasks). With users never seen in training it is better than always-LOW: "
        "0.100 [0.020, 0.200]."
    )


def test_without_a_learned_policy_there_is_no_victory():
    found = evaluation(policies=tuple(p for p in evaluation().policies if p.kind == "baseline"))
    assert found.main_policy is None
    assert not found.learned_wins
    assert found.headline().startswith("No learned policy was evaluated.")


@pytest.mark.parametrize(("generator", "rehearsal"), [("offline", True), ("endpoint", False)])
def test_a_rehearsal_is_what_the_offline_model_took_part_in(generator, rehearsal):
    found = evaluation(provenance=OFFLINE.model_copy(update={"generator": generator}))
    assert found.rehearsal == rehearsal


def test_what_asking_by_cost_earns_over_asking_nothing_is_told_with_unseen_users():
    gain = Estimate(value=0.1, low=0.02, high=0.2, items=9, groups=9)
    unseen = Estimate(value=0.03, low=-0.01, high=0.07, items=9, groups=9)
    cost = Comparison(policy="cost", baseline="always-LOW", difference=gain, unseen_personas=unseen)
    found = evaluation(comparisons=(cost,))
    assert found.headline() == (
        "No learned policy was evaluated. Asking by cost is better than always-LOW: 0.100 [0.020, 0.200]; "
        "with unseen users not shown to differ from it: 0.030 [-0.010, 0.070]."
    )


def test_enough_unseen_users_give_an_interval_by_user_too():
    gain = Estimate(value=0.1, low=0.02, high=0.2, items=9, groups=9)
    by_user = gain.model_copy(update={"low": -0.04, "high": 0.21})
    cost = Comparison(
        policy="cost", baseline="always-LOW", difference=gain, unseen_personas=gain, unseen_by_user=by_user
    )
    assert cost.unseen_text() == "0.100 [0.020, 0.200], by user [-0.040, 0.210]"
    two_users = by_user.model_copy(update={"low": None, "high": None})
    assert cost.model_copy(update={"unseen_by_user": two_users}).unseen_text() == "0.100 [0.020, 0.200]"
    assert (
        evaluation(comparisons=(cost,))
        .headline()
        .endswith("it: 0.100 [0.020, 0.200], by user [-0.040, 0.210].")
    )
