"""The user made of rules: probabilities as documented, every META value reachable, moods that ignore the action."""

import random
from dataclasses import replace
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calibration.playing import BUDGET, CASE, ORDER, PLACE, STATED, person

from tactful.calibration.play.personas import builtin_personas
from tactful.calibration.play.users import (
    REDUNDANT,
    Draws,
    RuleUser,
    UserTurn,
    UserView,
    answer_probability,
    off_topic_probability,
    patience_left,
    phrases,
    react_by_rules,
    reject_probability,
    reveal_probability,
    silence_probability,
)
from tactful.types import seeded

TRAIT = st.floats(0, 1)
PERSONAS = st.builds(
    lambda e, p, c, t: person(expertise=e, patience=p, clarity=c, time_pressure=t), TRAIT, TRAIT, TRAIT, TRAIT
)


def view(**changes) -> UserView:
    values = {
        "persona": person(),
        "lang": "en",
        "query": "Write words(text).",
        "history": (),
        "requirements": (CASE, ORDER, STATED),
        "revealed": (),
        "questions": (CASE.question,),
        "gave_solution": False,
        "questions_before": 0,
        "rejections_before": 0,
        "pass_index": 0,
    }
    return UserView(**(values | changes))


class Fixed(random.Random):
    """Draws what it is told: reject, answer, reveal 1, reveal 2, off topic, silence, phrase."""

    def __init__(self, *values: float) -> None:
        super().__init__(0)
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)


def react(
    seen: UserView, *, reject=0.99, answer=0.0, reveal=(0.0, 0.0), off_topic=0.99, silence=0.99
) -> UserTurn:
    return react_by_rules(seen, Fixed(reject, answer, *reveal, off_topic, silence, 0.0))


# ---------------------------------------------------------------- probabilities


@given(PERSONAS)
def test_the_first_question_is_rejected_with_a_probability_between_three_and_seventy_percent(persona) -> None:
    assert 0.03 <= reject_probability(persona) <= 0.7


def test_the_probability_of_a_first_rejection_is_the_documented_one() -> None:
    # 0.03 + 0.9 · (1 − 0.5)² · (0.4 + 0.6 · 0.5) = 0.03 + 0.9 · 0.25 · 0.7 = 0.1875
    assert reject_probability(person()) == pytest.approx(0.1875)
    assert reject_probability(person(patience=1.0)) == 0.03
    assert reject_probability(person(patience=0.0, time_pressure=1.0)) == 0.7


@pytest.mark.parametrize("domain", ["coding", "planning"])
def test_built_in_personas_reject_a_first_question_in_a_fifth_to_three_tenths_on_average(domain: str) -> None:
    assert 0.2 <= mean(reject_probability(persona) for persona in builtin_personas(domain)) <= 0.3


@given(PERSONAS, st.integers(0, 8))
def test_every_question_makes_the_next_rejection_likelier(persona, asked: int) -> None:
    assert patience_left(persona, asked + 1) <= patience_left(persona, asked)
    assert reject_probability(persona, asked + 1) >= reject_probability(persona, asked)


@given(PERSONAS)
def test_more_of_a_trait_moves_probabilities_in_its_direction(persona) -> None:
    def with_(**traits: float):
        return persona.model_copy(update=traits)

    assert reject_probability(with_(patience=1.0)) <= reject_probability(persona)
    assert reject_probability(with_(time_pressure=1.0)) >= reject_probability(persona)
    assert answer_probability(with_(expertise=1.0)) >= answer_probability(persona)
    assert reveal_probability(with_(clarity=1.0, expertise=1.0)) >= reveal_probability(persona)
    assert off_topic_probability(with_(clarity=1.0)) <= off_topic_probability(persona)
    for probability in (
        answer_probability(persona),
        reveal_probability(persona),
        off_topic_probability(persona),
        silence_probability(persona, solved=True),
        silence_probability(persona, solved=False),
    ):
        assert 0 <= probability <= 1


@pytest.mark.parametrize("persona", builtin_personas("coding"), ids=lambda persona: persona.name)
def test_the_simulated_rate_of_first_rejections_agrees_with_the_formula(persona) -> None:
    expected = reject_probability(persona)
    seen = view(persona=persona)
    n = 4000
    rejected = mean(
        react_by_rules(seen, seeded("rate", persona.name, i)).reaction.reject_signal for i in range(n)
    )
    # Four standard errors of a proportion.
    assert abs(rejected - expected) < 4 * (expected * (1 - expected) / n) ** 0.5


# ---------------------------------------------------------------- every outcome


def test_an_answer_reveals_the_requirement_that_was_asked_for() -> None:
    turn = react(view())
    assert turn.revealed == ("case",)
    assert turn.reaction.answered_clarification
    assert "ignore case" in turn.reaction.reply
    assert turn.reaction.satisfaction > 0


def test_two_questions_can_reveal_two_requirements() -> None:
    turn = react(view(questions=(ORDER.question, CASE.question)))
    assert turn.revealed == ("order", "case")
    assert "ignore case" in turn.reaction.reply
    assert "Sorted alphabetically" in turn.reaction.reply


def test_an_answer_may_be_vague_and_reveal_nothing() -> None:
    turn = react(view(), reveal=(0.99, 0.99))
    assert turn.revealed == ()
    assert turn.reaction.answered_clarification


def test_a_user_who_does_not_know_answers_nothing() -> None:
    turn = react(view(), answer=0.999)
    assert not turn.reaction.answered_clarification
    assert not turn.reaction.reject_signal
    assert turn.reaction.reply


def test_a_rejection_says_so_and_displeases() -> None:
    turn = react(view(), reject=0.0)
    assert turn.reaction.reject_signal
    assert turn.reaction.satisfaction < -0.4
    assert not turn.revealed
    assert not turn.leaves


def test_a_second_rejection_displeases_more() -> None:
    first, second = react(view(), reject=0.0), react(view(rejections_before=1), reject=0.0)
    assert second.reaction.satisfaction < first.reaction.satisfaction


def test_a_user_without_patience_left_leaves() -> None:
    # patience · (1 − 0.3 · 4) < 0 with full time pressure: exhausted after four questions.
    hurried = person(patience=0.2, time_pressure=1.0)
    assert react(view(persona=hurried, questions_before=4), reject=0.0).leaves
    assert not react(view(persona=hurried, questions_before=2), reject=0.0).leaves
    assert not react(view(persona=hurried, questions_before=4, gave_solution=True), reject=0.0).leaves


def test_an_impatient_user_may_say_nothing() -> None:
    turn = react(view(), silence=0.0)
    assert turn.reaction.silence
    assert turn.reaction.reply == ""


def test_an_unclear_user_may_wander_off() -> None:
    turn = react(view(), off_topic=0.0)
    assert turn.reaction.off_topic_flag
    assert not turn.reaction.answered_clarification
    assert turn.reaction.reply


def test_what_was_told_already_is_not_told_again() -> None:
    turn = react(view(revealed=("case",)))
    assert turn.revealed == ()
    assert turn.reaction.answered_clarification
    assert turn.reaction.satisfaction < 0


def test_a_needless_question_is_rejected_more_often() -> None:
    # p0 = 0.1875; needless: 0.1875 + 0.8125 · 0.25 = 0.390625
    assert REDUNDANT == 0.25
    needless = view(questions=("Who else will use the result?",))
    assert react(needless, reject=0.39).reaction.reject_signal
    assert not react(needless, reject=0.391).reaction.reject_signal
    assert not react(view(), reject=0.188).reaction.reject_signal


def test_two_questions_in_one_message_try_patience_like_a_second_one() -> None:
    # patience 0.5 · (1 − 0.225) = 0.3875; 0.03 + 0.9 · 0.6125² · 0.7 = 0.2663
    two = view(questions=(CASE.question, ORDER.question))
    assert react(two, reject=0.26).reaction.reject_signal
    assert not react(two, reject=0.27).reaction.reject_signal


def test_a_solution_that_fits_pleases_and_one_made_without_asking_pleases_less() -> None:
    fits = react(view(questions=(), gave_solution=True, revealed=("case", "order")))
    guessed = react(view(questions=(), gave_solution=True))
    assert fits.reaction.satisfaction > 0.5 > guessed.reaction.satisfaction
    assert not fits.reaction.answered_clarification


def test_a_user_may_take_a_solution_in_silence() -> None:
    turn = react(view(questions=(), gave_solution=True), silence=0.0)
    assert turn.reaction.silence
    assert not turn.reaction.reject_signal


def test_talk_without_question_or_solution_is_told_to_go_on() -> None:
    assert react(view(questions=())).reaction.reply in phrases()["en"]["warm"]["go_on"]
    assert react(view(questions=()), silence=0.0).reaction.silence


def test_a_message_with_question_and_solution_gets_one_reaction_to_both() -> None:
    both = react(view(gave_solution=True))
    assert both.reaction.answered_clarification
    assert both.reaction.satisfaction > react(view()).reaction.satisfaction
    assert react(view(gave_solution=True), reject=0.0).reaction.reject_signal


# ---------------------------------------------------------------- moods and words


@given(
    PERSONAS,
    st.integers(0, 4),
    st.booleans(),
    st.sampled_from([(), (CASE.question,), ("Why?", ORDER.question)]),
)
def test_every_turn_draws_seven_numbers_and_stays_in_range(persona, before, solved, asked) -> None:
    rng = random.Random(1)
    seen = view(persona=persona, questions_before=before, gave_solution=solved, questions=asked)
    turn = react_by_rules(seen, rng)
    used = random.Random(1)
    Draws.from_rng(used)
    assert rng.random() == used.random()
    assert -1 <= turn.reaction.satisfaction <= 1
    assert turn.reaction.silence == (turn.reaction.reply == "")
    assert set(turn.revealed) <= {"case", "order"}


@given(st.integers(0, 10_000))
def test_a_user_who_rejects_a_good_question_rejects_a_needless_one_too(seed: int) -> None:
    good = react_by_rules(view(), seeded(seed))
    needless = react_by_rules(view(questions=("Who else will use it?",)), seeded(seed))
    assert needless.reaction.reject_signal >= good.reaction.reject_signal


def test_replies_come_in_the_language_of_the_task() -> None:
    turn = react(view(lang="zh", requirements=(PLACE, BUDGET), questions=(BUDGET.question,)))
    assert "预算两千元" in turn.reaction.reply
    rejected = react(view(lang="zh", requirements=(PLACE, BUDGET)), reject=0.0)
    assert rejected.reaction.reply in phrases()["zh"]["warm"]["reject"]


def test_impatient_people_are_curt() -> None:
    turn = react(view(persona=person(patience=0.1)), reject=0.0)
    assert turn.reaction.reply in phrases()["en"]["curt"]["reject"]


def test_both_languages_and_manners_have_words_for_every_occasion() -> None:
    table = phrases()
    occasions = {name for manners in table.values() for said in manners.values() for name in said}
    for lang in ("en", "zh"):
        for manner in ("curt", "warm"):
            assert set(table[lang][manner]) == occasions
            assert all("{answer}" in text for text in table[lang][manner]["answer"])
            assert all(len(said) >= 2 for said in table[lang][manner].values())


async def test_the_rule_user_is_the_rules() -> None:
    seen = view()
    assert await RuleUser().react(seen, "text", seeded(3)) == react_by_rules(seen, seeded(3))
    assert await RuleUser().react(replace(seen), "other text", seeded(3)) == react_by_rules(seen, seeded(3))
