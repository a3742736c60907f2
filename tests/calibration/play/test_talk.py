"""A model that writes freely plays the tasks: its messages are read for what they are."""

import pytest

from tactful.calibration.pipeline import by_names, sessions
from tactful.calibration.play.talk import Talk, talk_prompt
from tactful.calibration.reward.rewards import RewardConfig, return_to_go, reward
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.tasks.states import seed_states


def session(domain="planning", wording="open"):
    states = [state for state in seed_states(domain) if state.wording == wording]
    return next(sessions(states, personas=by_names(())))


def score(talk):
    record = talk.trajectory()
    with TaskScorer() as scorer:
        return reward(record, scorer.score_all([record])[0], RewardConfig())


async def test_a_plan_delivers_and_ends_the_talk():
    one = session()
    talk = Talk.start(one)
    await talk.say(one.states[0].hidden.reference)
    assert talk.over
    done = score(talk)
    assert (done.trajectory.end, done.task_score, done.interruption_cost) == ("completed", 1.0, 0.0)
    assert [step.action for step in done.trajectory.steps] == ["Execute"]


async def test_a_question_asks_and_costs_what_the_reward_says():
    one = session()
    talk = Talk.start(one)
    wanted = next(item for item in one.states[0].hidden.requirements if item.open)
    answer = await talk.say(wanted.question)
    assert answer
    assert not talk.over
    (step,) = talk.episode.steps
    assert (step.action, step.questions) == ("Clarify", 1)
    await talk.say(one.states[0].hidden.reference)
    done = score(talk)
    # the question costs 0.1; 0.3 come back where it told something, 0.7 are lost where it was rejected
    count = done.counts[0]
    assert done.interruption_cost == pytest.approx(0.1 - 0.3 * count.answered + 0.7 * count.rejected)
    later = return_to_go(done, 1, RewardConfig())
    assert later is not None
    assert later.reward == done.task_score  # what was asked before is spent


async def test_who_only_asks_is_cut_off_and_has_delivered_nothing():
    talk = Talk.start(session(), max_turns=2)
    while not talk.over:
        await talk.say("Which day is best for you?")
    done = score(talk)
    assert done.trajectory.end in ("max_turns", "rejected")
    assert done.task_score == 0.0


async def test_a_talk_that_was_broken_off_has_delivered_nothing():
    talk = Talk.start(session())
    await talk.say("Which day is best for you?")
    assert not talk.over
    assert talk.trajectory().end == "max_turns"


async def test_talk_without_code_neither_asks_nor_delivers():
    talk = Talk.start(session("coding"))
    await talk.say("Sure, I will look at it.")
    assert not talk.over
    (step,) = talk.episode.steps
    assert (step.questions, step.gave_solution) == (0, False)


@pytest.mark.parametrize("domain", ["coding", "planning"])
def test_nothing_of_the_hidden_side_stands_in_the_prompt(domain):
    one = session(domain)
    said = "\n".join(message.content for message in talk_prompt(one))
    hidden = one.states[0].hidden
    assert one.states[0].query in said
    assert hidden.reference not in said
    assert all(item.text not in said for item in hidden.requirements if item.open)


async def test_the_record_names_the_prompt_that_was_sent_and_who_spoke():
    talk = Talk.start(session(), speaker="tiny")
    await talk.say("Which day is best for you?")
    made = talk.trajectory().provenance
    assert made.model == "tiny"
    assert set(made.prompt_hashes) == {"calibration/talk_text"}
