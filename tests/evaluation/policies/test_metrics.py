"""Worked examples for every measure; nothing, one class only, unscored items."""

import math

import numpy as np
import pytest
from tests.calibration.reward_fixtures import make_state
from tests.evaluation.worlds import leaf, one_step_tree

from tactful.evaluation.policies.metrics import MEASURES, outcome_columns, sensitivity, summarise
from tactful.evaluation.policies.walking.walk import Taken, Walk
from tactful.types import UserHistory


def taken(tree_index: int, node: int) -> Walk:
    return Walk(tree_index, node, ())


def test_worked_examples_of_every_measure():
    # LOW solves at once (reward 0.2); MID asks two questions, is rejected and left without a solution (−0.3).
    tree = one_step_tree("a-open", questions={"MID": 2}, rejected=["MID"], unsolved=["MID"])
    scores = {0: leaf(0.2), 1: leaf(-0.3, cost=0.3)}
    found = outcome_columns([tree], [scores], [taken(0, 0), taken(0, 1)])
    assert set(found) == set(MEASURES)
    assert found["reward"].tolist() == [0.2, -0.3]
    assert found["task_score"].tolist() == [0.2, 0.0]
    assert found["interruption_cost"].tolist() == [0.0, 0.3]
    assert found["questions"].tolist() == [0, 2]
    assert found["rejections"].tolist() == [0, 1]
    assert found["completed"].tolist() == [1, 0]
    # One message to the solution; not completed counts for nothing, not for zero.
    assert found["turns"][0] == 1
    assert math.isnan(found["turns"][1])
    # Best in hindsight is LOW's 0.2.
    assert found["regret"].tolist() == pytest.approx([0.0, 0.5])


def test_unscored_is_nan_and_left_out_and_counted():
    trees = [one_step_tree("a-open"), one_step_tree("b-open")]
    scores = [{0: leaf(None, cost=0.1), 1: leaf(0.6)}, {0: leaf(0.4), 1: leaf(0.5)}]
    walks = [taken(0, 0), taken(1, 0)]
    found = outcome_columns(trees, scores, walks)
    for name in ("reward", "task_score", "regret"):
        assert math.isnan(found[name][0]), name
    assert found["interruption_cost"].tolist() == [0.1, 0.0]  # known all the same
    assert found["regret"][1] == pytest.approx(0.1)
    measures = summarise(found, np.array(["a", "b"]))
    assert (measures["reward"].value, measures["reward"].unscored) == (0.4, 1)
    assert measures["interruption_cost"].unscored == 0


def test_a_tree_without_any_score_has_no_regret():
    found = outcome_columns([one_step_tree("a-open")], [{0: leaf(None), 1: leaf(None)}], [taken(0, 1)])
    assert math.isnan(found["regret"][0])


def test_nothing_to_measure_has_no_value():
    measures = summarise(outcome_columns([], [], []), np.array([]))
    assert all(estimate.value is None and estimate.items == 0 for estimate in measures.values())


def decided(
    action: str, *, clarity: float = 0.5, questions: int = 0, rejected: int = 0, before: int = 0
) -> Walk:
    """A walk of one decision."""
    user = UserHistory(tasks=1, questions=questions, rejected=rejected)
    state = make_state(query_clarity=clarity, user=user, prev_reject=before)
    return Walk(0, 0, (Taken(state, action, asked=action != "LOW"),))


def by_task(walks: list[Walk]):
    """Sensitivity with every walk a base task of its own."""
    return sensitivity(walks, np.array([f"t{n}" for n in range(len(walks))]))


def test_sensitivity_to_clarity_compares_the_outer_thirds():
    # Thirds of clarity 0.1 … 0.6: the least clear are 0.1 and 0.2 (both asked), the clearest 0.5 and 0.6 (one did).
    walks = [
        decided(action, clarity=clarity)
        for clarity, action in [
            (0.1, "MID"), (0.2, "HIGH"), (0.3, "LOW"), (0.4, "MID"), (0.5, "MID"), (0.6, "LOW"),
        ]
    ]  # fmt: skip
    found = by_task(walks)
    assert found.open_minus_clear.value == pytest.approx(1.0 - 0.5)
    assert found.ask_rate.value == pytest.approx(4 / 6)
    assert found.patient_minus_impatient is None  # nobody was asked twice before
    assert found.before_minus_after_rejection is None


def test_sensitivity_to_shown_patience_and_to_a_rejection():
    walks = [
        decided("MID", questions=4, rejected=1),  # a quarter: still patient
        decided("LOW", questions=4, rejected=2),
        decided("MID", questions=2, rejected=2),
        decided("LOW", questions=1, rejected=1),  # one question says too little
        decided("LOW", before=1),
    ]
    found = by_task(walks)
    # patient: 1 of 1 asked; impatient: 1 of 2
    assert found.patient_minus_impatient.value == pytest.approx(0.5)
    # before a rejection: 2 of 4 asked; after it: 0 of 1
    assert found.before_minus_after_rejection.value == pytest.approx(0.5)


def test_requests_of_one_clarity_cannot_be_compared():
    assert by_task([decided("MID"), decided("LOW")]).open_minus_clear is None


def test_no_walk_has_no_ask_rate():
    found = by_task([])
    assert set(found.model_dump().values()) == {None}


def test_an_asking_action_whose_questions_are_spent_does_not_count_as_asking():
    state, later = make_state(), make_state(prev_reject=1)
    found = by_task([Walk(0, 0, (Taken(state, "MID", True), Taken(later, "MID", False)))])
    assert found.ask_rate.value == 1.0
    assert found.before_minus_after_rejection.value == 1.0
