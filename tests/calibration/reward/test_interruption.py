import inspect
import re

import pytest
from tests.calibration.reward_fixtures import make_step

from tactful.calibration.reward.interruption import InterruptionConfig, interruption_cost, step_counts
from tactful.calibration.types import StepCounts

CLARIFICATION = InterruptionConfig()
WEIGHTED = InterruptionConfig(form="weighted")


def costs(config, *steps):
    return interruption_cost([step_counts(step) for step in steps], config)


def test_solving_at_once_costs_nothing_in_either_form():
    step = make_step(solves=True)
    assert costs(CLARIFICATION, step) == 0
    assert costs(WEIGHTED, step) == 0


def test_no_steps_cost_nothing():
    assert interruption_cost([], CLARIFICATION) == 0
    assert interruption_cost([], WEIGHTED) == 0


def test_rejected_question_costs_delta_and_lambda():
    # 0.7 for the rejection + 0.1 for the question
    assert costs(CLARIFICATION, make_step(questions=1, rejected=True)) == pytest.approx(0.8)


def test_two_rejected_questions_in_one_message_are_one_rejection():
    assert costs(CLARIFICATION, make_step(questions=2, rejected=True)) == pytest.approx(0.7 + 0.2)


def test_answered_question_that_reveals_is_welcome_and_the_cost_negative():
    # 0.1 for the question − 0.3 bonus
    step = make_step(questions=1, answered=True, revealed=["r1"])
    assert costs(CLARIFICATION, step) == pytest.approx(-0.2)


def test_answer_that_reveals_nothing_earns_no_bonus():
    assert costs(CLARIFICATION, make_step(questions=1, answered=True)) == pytest.approx(0.1)


def test_answer_to_a_message_without_question_earns_no_bonus():
    assert costs(CLARIFICATION, make_step(questions=0, answered=True, revealed=["r1"])) == 0


def test_rejection_of_a_solution_is_no_rejected_question():
    assert costs(CLARIFICATION, make_step(questions=0, rejected=True, solves=True)) == 0


def test_bonus_is_capped_per_episode():
    good = make_step(questions=1, answered=True, revealed=["r1"])
    # three questions 0.3 − min(0.9, 0.3)
    assert costs(CLARIFICATION, good, good, good) == pytest.approx(0.0)


def test_bonus_below_the_cap_counts_in_full():
    good = make_step(questions=1, answered=True, revealed=["r1"])
    config = InterruptionConfig(gamma=0.2, gamma_cap=0.5)
    # 0.2 − 0.4, and with a third 0.3 − 0.5
    assert costs(config, good, good) == pytest.approx(-0.2)
    assert costs(config, good, good, good) == pytest.approx(-0.2)


def test_weighted_form_adds_its_four_parts():
    # 0.3 · (0.4·2 + 1.0 + 0.3 + 0.7)
    step = make_step(questions=2, rejected=True, tokens=201, off_topic=True)
    assert costs(WEIGHTED, step) == pytest.approx(0.3 * 2.8)


def test_message_of_exactly_200_tokens_is_not_too_long():
    assert costs(WEIGHTED, make_step(tokens=200)) == 0
    assert costs(WEIGHTED, make_step(tokens=201)) == pytest.approx(0.3 * 0.3)


def test_step_counts_say_what_happened():
    step = make_step(questions=2, answered=True, revealed=["r1"], tokens=7, off_topic=True)
    assert step_counts(step) == StepCounts(
        asked=True, questions=2, rejected=False, answered=True, tokens=7, off_topic=True
    )


def test_every_constant_has_a_reason_under_it():
    source = inspect.getsource(InterruptionConfig)
    for name in InterruptionConfig.model_fields.keys() - {"form"}:
        assert re.search(rf'^    {name}: .*\n    """[^"]{{20,}}"""', source, re.MULTILINE), name
