"""The episode: what follows from an action, how it ends, and what the record says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.calibration.playing import (
    CASE,
    ORDER,
    REFERENCE,
    QueuedModel,
    ScriptedUser,
    code,
    coding_state,
    offline_model,
    person,
    planning_state,
    start,
)

from tactful.calibration.play.episode import NO_REPLY
from tactful.calibration.play.users import RuleUser, UserTurn
from tactful.errors import DataError
from tactful.llm import Usage
from tactful.types import Decision, Message, Reaction, Trajectory, UserHistory

REJECT = UserTurn(Reaction(reply="Just do it.", reject_signal=True, satisfaction=-0.5))
LEAVE = UserTurn(Reaction(reply="Forget it.", reject_signal=True, satisfaction=-1), leaves=True)
TOLD = UserTurn(Reaction(reply="Please ignore case.", answered_clarification=True), revealed=("case",))
SILENT = UserTurn(Reaction(reply="", silence=True))
PATIENT = person("patient", patience=1.0, expertise=1.0, clarity=1.0, time_pressure=0.0)


async def play(actions, *, replies=None, turns=(), **settings):
    """The episode after these actions, the model and the user that took part."""
    episode = start(**settings)
    model = QueuedModel(list(replies)) if replies is not None else offline_model()
    user = ScriptedUser(list(turns))
    for action in actions:
        episode = await episode.advance(action, assistant=model, user=user, seed=0)
    return episode, model, user


# ---------------------------------------------------------------- how it goes on


async def test_a_question_moves_the_observation_and_leaves_the_first_one_as_it_was() -> None:
    before = start()
    after = await before.advance("MID", assistant=offline_model(), user=ScriptedUser([TOLD]), seed=0)
    assert before.steps == ()
    assert before.observation.dialogue_turn == 0
    seen = after.observation
    assert (seen.dialogue_turn, seen.questions_asked, seen.answered, seen.prev_reject) == (1, 1, 1, 0)
    assert [item.role for item in seen.history] == ["assistant", "user"]
    assert seen.history[1].content == "Please ignore case."
    assert after.revealed == ("case",)
    assert after.finished is None


async def test_what_the_assistant_only_thought_is_neither_recorded_nor_counted() -> None:
    thought = "[THINK]What format? Which order?[/THINK]Should it ignore case?"
    episode, *_ = await play(["MID"], replies=[thought], turns=[TOLD])
    (step,) = episode.steps
    assert (step.message, step.questions) == ("Should it ignore case?", 1)
    assert "THINK" not in str(episode.observation.history)


async def test_mid_asks_once_then_solves_with_the_answer() -> None:
    both = UserTurn(Reaction(reply="ignore case, sorted alphabetically"), revealed=("case", "order"))
    episode, _, _ = await play(["MID", "MID"], turns=[both])
    assert [step.questions for step in episode.steps] == [1, 0]
    assert episode.finished == "completed"
    assert episode.solution == REFERENCE


async def test_high_asks_two_then_plans_and_solves() -> None:
    episode, _, _ = await play(["HIGH", "HIGH"])
    assert [step.questions for step in episode.steps] == [2, 0]
    opening = episode.steps[1].message.split("\n\n")[0].split("\n")
    assert 3 <= len(opening) <= 5
    assert episode.finished == "completed"


async def test_low_solves_at_once() -> None:
    episode, _, _ = await play(["LOW"])
    assert episode.finished == "completed"
    assert episode.steps[0].questions == 0


async def test_the_question_budget_is_of_the_episode_whoever_asked_before() -> None:
    episode, _, _ = await play(["MID", "HIGH", "HIGH"])
    assert [step.questions for step in episode.steps] == [1, 1, 0]


async def test_a_rejection_is_counted_and_the_dialogue_goes_on() -> None:
    episode, _, _ = await play(["MID"], turns=[REJECT])
    assert episode.observation.prev_reject == 1
    assert episode.finished is None


async def test_silence_stands_in_the_conversation_as_no_reply_and_in_the_record_as_nothing() -> None:
    episode, model, _ = await play(["MID", "MID"], replies=["Which order?", code()], turns=[SILENT])
    assert episode.steps[1].state.history[1].content == ""
    assert model.sent[1][-1] == Message(role="user", content=NO_REPLY["en"])


async def test_the_model_gets_behaviour_query_and_dialogue_and_nothing_hidden() -> None:
    _, model, _ = await play(["MID", "MID"], replies=["Which order?", code()], turns=[TOLD])
    first, second = model.sent
    assert [item.role for item in first] == ["system", "user"]
    assert [item.role for item in second] == ["system", "user", "assistant", "user"]
    assert model.rehearsals == [None, None]
    text = "\n".join(item.content for item in (*first, *second))
    assert REFERENCE.strip() not in text
    assert "assert words" not in text


async def test_the_pass_is_the_sample_of_the_model() -> None:
    _, model, _ = await play(["LOW"], replies=[code()], pass_index=3)
    assert model.samples == [3]


# ---------------------------------------------------------------- how it ends


async def test_a_second_rejection_ends_the_task_without_a_solution() -> None:
    episode, _, _ = await play(["MID", "HIGH"], turns=[REJECT, REJECT])
    assert episode.finished == "rejected"
    assert episode.solution is None


async def test_a_user_who_leaves_ends_the_task() -> None:
    episode, _, _ = await play(["HIGH"], turns=[LEAVE])
    assert (episode.finished, episode.solution) == ("rejected", None)


async def test_a_rejection_together_with_a_solution_does_not_undo_it() -> None:
    replies = [f"Which order?\n\n{code('x = 1')}"]
    episode, _, _ = await play(["MID"], replies=replies, turns=[REJECT], mode="single")
    assert (episode.finished, episode.solution) == ("completed", "x = 1\n")


async def test_at_the_last_turn_an_asking_action_solves_and_ends_as_max_turns() -> None:
    episode, _, _ = await play(["Clarify", "Clarify"], which="clarify-execute", max_turns=2)
    assert episode.finished == "max_turns"
    assert episode.solution is not None
    assert [step.action for step in episode.steps] == ["Clarify", "Execute"]


async def test_a_solution_chosen_at_the_last_turn_is_completed() -> None:
    episode, _, _ = await play(["Clarify", "Execute"], which="clarify-execute", max_turns=2)
    assert episode.finished == "completed"


async def test_without_a_solution_at_the_last_turn_there_is_none() -> None:
    episode, _, _ = await play(["LOW"], replies=["I cannot help."], max_turns=1)
    assert (episode.finished, episode.solution) == ("max_turns", None)


async def test_a_branch_can_be_told_to_solve_before_the_limit() -> None:
    episode = await start().advance(
        "HIGH", assistant=offline_model(), user=RuleUser(), seed=0, must_solve=True
    )
    assert episode.finished == "max_turns"
    assert episode.solution is not None


# ---------------------------------------------------------------- disobedient models


async def test_a_question_level_that_solves_without_asking_is_completed() -> None:
    episode, _, _ = await play(["MID"], replies=[code()])
    assert (episode.finished, episode.solution) == ("completed", "x = 1\n")
    assert episode.steps[0].questions == 0


async def test_code_inside_a_question_is_not_delivered() -> None:
    episode, _, _ = await play(["MID"], replies=[f"Which order?\n{code()}"])
    assert (episode.finished, episode.solution) == (None, None)
    assert not episode.steps[0].gave_solution


async def test_a_solving_level_that_only_asks_has_asked() -> None:
    episode, _, user = await play(["LOW", "LOW"], replies=["Which order?", code()], turns=[TOLD])
    assert [step.questions for step in episode.steps] == [1, 0]
    assert episode.steps[1].state.questions_asked == 1
    assert user.seen[0].questions == ("Which order?",)
    assert episode.finished == "completed"


async def test_more_questions_than_allowed_are_all_counted() -> None:
    episode, _, _ = await play(["MID"], replies=["Which order? Which case? Which words?"])
    assert episode.observation.questions_asked == 3


async def test_talk_costs_a_turn_and_nothing_else() -> None:
    episode, _, _ = await play(["LOW", "LOW"], replies=["On it.", code()])
    assert episode.steps[0].questions == 0
    assert episode.finished == "completed"


# ---------------------------------------------------------------- single turn


@pytest.mark.parametrize(("action", "asked"), [("LOW", 0), ("MID", 1), ("HIGH", 2)])
async def test_single_turn_is_one_step_with_question_and_solution(action: str, asked: int) -> None:
    for state in (coding_state(), planning_state()):
        episode, _, user = await play([action], state=state, mode="single")
        assert len(episode.steps) == 1
        assert episode.finished == "completed"
        assert episode.steps[0].questions == min(asked, sum(item.open for item in state.hidden.requirements))
        assert user.seen[0].gave_solution


async def test_in_single_turn_the_answer_comes_too_late() -> None:
    episode, _, _ = await play(["HIGH"], mode="single", turns=[TOLD])
    assert episode.solution != REFERENCE


# ---------------------------------------------------------------- where it starts


def test_a_state_without_estimates_says_how_to_get_them() -> None:
    with pytest.raises(DataError, match=r"'words-open'.*tactful calibrate states"):
        start(coding_state(query_clarity=None))


def test_a_state_of_another_domain_is_refused() -> None:
    from tactful.calibration.play.actions import load_action_space
    from tactful.calibration.play.episode import Episode

    with pytest.raises(DataError, match="'planning'"):
        Episode.start(planning_state(), person(), space=load_action_space("levels", "coding"))


async def test_a_dialogue_may_start_in_the_middle() -> None:
    state = coding_state(
        dialogue_turn=2,
        prev_reject=1,
        questions_asked=1,
        history=(
            Message(role="assistant", content="Which order?"),
            Message(role="user", content="Just do it."),
        ),
    )
    _, model, _ = await play(["MID"], state=state, replies=[code()])
    assert len(model.sent[0]) == 4
    assert "Ask nothing" in model.sent[0][0].content  # MID's one question is spent
    again, _, _ = await play(["HIGH"], state=state, turns=[REJECT])
    assert again.finished == "rejected"
    assert again.user_history() == UserHistory(tasks=1, questions=1, answered=0, rejected=1)


async def test_what_the_user_showed_before_is_seen_and_carried_on() -> None:
    before = UserHistory(tasks=2, questions=3, answered=1, rejected=1)
    episode, _, _ = await play(["MID", "LOW"], turns=[TOLD], history=before)
    assert episode.steps[0].state.user == before
    assert episode.user_history() == UserHistory(tasks=3, questions=4, answered=2, rejected=1)


# ---------------------------------------------------------------- choices


async def test_actions_that_would_send_the_same_prompt_count_once() -> None:
    assert start().choices() == ("LOW", "MID", "HIGH")
    episode, _, _ = await play(["MID"])
    assert episode.choices() == ("LOW", "HIGH")
    assert start(max_turns=1).choices() == ("LOW", "HIGH")
    assert start(max_turns=1, which="clarify-execute").choices() == ("Execute",)


# ---------------------------------------------------------------- paired moods


@given(st.integers(0, 500))
async def test_the_mood_of_a_turn_does_not_depend_on_the_action(seed: int) -> None:
    hurried = person("hurried", patience=0.3)
    reactions = []
    for action in ("MID", "HIGH"):
        episode = start(persona=hurried)
        after = await episode.advance(action, assistant=offline_model(), user=RuleUser(), seed=seed)
        reactions.append(after.steps[0].reaction)
    mid, high = reactions
    assert high.reject_signal >= mid.reject_signal  # two questions try patience more, on the same draw


async def test_equal_seeds_give_equal_episodes_and_another_persona_another_mood() -> None:
    async def steps(seed: int, name: str):
        episode = start(persona=person(name))
        after = await episode.advance("HIGH", assistant=offline_model(), user=RuleUser(), seed=seed)
        return after.steps

    assert await steps(1, "a") == await steps(1, "a")
    replies = {str((await steps(seed, name))[0].reaction) for seed in range(8) for name in ("a", "b")}
    assert len(replies) > 3


# ---------------------------------------------------------------- the record


async def test_the_trajectory_is_a_valid_record_that_says_where_it_comes_from() -> None:
    episode, _, _ = await play(["MID", "MID"], persona=PATIENT)
    record = episode.trajectory(run_id="r1", session="s1")
    assert Trajectory.model_validate_json(record.model_dump_json()) == record
    assert record.id == "words-open/patient/p0/main"
    assert (record.session, record.user_model, record.group) == ("s1", "rules", "words")
    provenance = record.provenance
    assert (provenance.model, provenance.generator, provenance.run_id, provenance.seed) == (
        "offline",
        "offline",
        "r1",
        0,
    )
    assert set(provenance.prompt_hashes) == {"levels/coding/mid-ask", "levels/coding/solve"}


async def test_an_endpoint_is_named_as_one() -> None:
    episode, _, _ = await play(["LOW"], replies=[code()])
    provenance = episode.trajectory().provenance
    assert (provenance.model, provenance.generator) == ("fake", "endpoint")


async def test_a_decision_keeps_its_probabilities_and_what_was_compared() -> None:
    weighed = {"need": 0.1, "worth": 0.06, "cost": 0.3}
    decision = Decision(action="LOW", probabilities={"LOW": 0.75, "MID": 0.25}, weighed=weighed)
    episode, _, _ = await play([decision])
    assert episode.steps[0].probabilities == {"LOW": 0.75, "MID": 0.25}
    assert episode.steps[0].weighed == weighed
    episode, _, _ = await play(["LOW"])
    assert "weighed" not in episode.steps[0].model_dump()


async def test_tokens_are_the_endpoints_unless_hidden_reasoning_inflates_them() -> None:
    async def tokens(usage: Usage) -> int:
        model = QueuedModel([code()], usage=usage)
        after = await start().advance("LOW", assistant=model, user=ScriptedUser(), seed=0)
        return after.steps[0].tokens

    estimate = await tokens(Usage())
    assert estimate == 9  # 36 characters
    assert await tokens(Usage(completion_tokens=12)) == 12
    assert await tokens(Usage(completion_tokens=900)) == estimate
    assert await tokens(Usage(completion_tokens=12, estimated=True)) == estimate


async def test_questions_are_matched_by_the_user_and_answers_become_known() -> None:
    episode = start(persona=PATIENT)
    seeds = range(12)
    revealed = set()
    for seed in seeds:
        after = await episode.advance("HIGH", assistant=offline_model(), user=RuleUser(), seed=seed)
        assert after.steps[0].message == f"{CASE.question}\n{ORDER.question}"
        revealed.add(after.revealed)
    assert ("case", "order") in revealed
