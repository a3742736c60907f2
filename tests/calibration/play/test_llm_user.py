"""The user played by a model: what it is told, what it may not know, and what its replies reveal."""

import json

import pytest
from pydantic import ValidationError
from tests.calibration.playing import (
    BUDGET,
    CASE,
    ORDER,
    PLACE,
    REFERENCE,
    STATED,
    UNINFORMED,
    QueuedModel,
    coding_state,
    context,
    offline_model,
    person,
    session,
    stage,
)

from tactful.calibration.play.llm_user import PROMPT, ModelUser, tells, user_prompt
from tactful.calibration.play.users import UserView
from tactful.types import Message, seeded


def view(**changes) -> UserView:
    values = {
        "persona": person(patience=0.14, style="Writes in riddles."),
        "lang": "en",
        "query": "Write words(text).",
        "history": (Message(role="assistant", content="Which order?"), Message(role="user", content="")),
        "requirements": (CASE, ORDER, STATED),
        "revealed": (),
        "questions": (CASE.question,),
        "gave_solution": False,
        "questions_before": 1,
        "rejections_before": 0,
        "pass_index": 2,
    }
    return UserView(**(values | changes))


def said(reply: str, **meta) -> str:
    values = {
        "reply": reply,
        "answered_clarification": True,
        "reject_signal": False,
        "silence": False,
        "off_topic_flag": False,
        "satisfaction": 0.2,
    }
    return json.dumps(values | meta)


async def react(reply: str, seen: UserView | None = None):
    model = QueuedModel([reply])
    return model, await ModelUser(model).react(seen or view(), CASE.question, seeded(1))


def test_the_prompt_holds_the_person_the_wishes_and_the_dialogue() -> None:
    text = "\n".join(message.content for message in user_prompt(view(), "Case?").messages)
    for part in (
        "Writes in riddles.",
        "patience 1 of 10",
        'same word. (not said yet; tell it only when asked, in words like: "Yes, please ignore case.")',
        "The result is a list. (already said)",
        "You: Write words(text).",
        "Assistant: Which order?",
        "You: (no reply)",
        "Case?",
        "English",
    ):
        assert part in text


def test_a_wish_that_was_told_is_marked_as_said() -> None:
    text = user_prompt(view(revealed=("case",)), "And?").messages[0].content
    assert "count as the same word. (already said)" in text
    assert "sorted alphabetically. (not said yet" in text


def test_the_prompt_holds_neither_solution_nor_tests() -> None:
    state = coding_state()
    seen = view(requirements=state.hidden.requirements)
    text = "\n".join(message.content for message in user_prompt(seen, "Case?").messages)
    for secret in (REFERENCE, UNINFORMED, *state.hidden.tests):
        assert secret.strip() not in text


def test_the_language_follows_the_task() -> None:
    text = user_prompt(view(lang="zh", requirements=(PLACE, BUDGET)), "预算？").messages[0].content
    assert "Chinese (简体中文)" in text
    assert "预算两千元" in text


async def test_a_reply_reveals_what_its_words_tell_whatever_the_model_claims() -> None:
    _, turn = await react(said("Well, please ignore case in there.", answered_clarification=False))
    assert turn.revealed == ("case",)
    _, turn = await react(said("I told you everything!"))
    assert turn.revealed == ()


async def test_what_was_revealed_before_is_not_revealed_again() -> None:
    _, turn = await react(said("As I said: ignore case."), view(revealed=("case",)))
    assert turn.revealed == ()


async def test_all_meta_values_pass_through() -> None:
    _, turn = await react(said("No!", answered_clarification=False, reject_signal=True, satisfaction=-100))
    assert turn.reaction.reject_signal
    assert turn.reaction.satisfaction == -1
    _, turn = await react(said("Nice weather.", answered_clarification=False, off_topic_flag=True))
    assert turn.reaction.off_topic_flag


@pytest.mark.parametrize("reply", [said("...", silence=True), said("  ", silence=False)])
async def test_a_silent_user_says_nothing_and_answers_nothing(reply: str) -> None:
    _, turn = await react(reply)
    assert turn.reaction.silence
    assert turn.reaction.reply == ""
    assert not turn.reaction.answered_clarification
    assert turn.revealed == ()


async def test_satisfaction_out_of_range_is_not_accepted() -> None:
    with pytest.raises(ValidationError, match="percent from -100 to 100"):
        await react(said("Great", satisfaction=107))


async def test_passes_are_samples_and_an_endpoint_gets_no_hidden_side() -> None:
    model, _ = await react(said("ignore case"))
    assert model.samples == [2]
    assert model.rehearsals == [None]


def test_a_reply_tells_a_requirement_by_its_keywords_or_by_its_answer() -> None:
    assert tells("IGNORE CASE please", CASE)
    assert tells("Yes please, ignore the case", CASE.model_copy(update={"keywords": ()}))
    assert not tells("Whatever you think", CASE)
    assert not tells("", CASE.model_copy(update={"keywords": (), "answer": ""}))


async def test_the_offline_model_plays_the_user_by_the_rules() -> None:
    play = context(user=offline_model())
    (main, *_) = await stage()(session(coding_state(), persona=person(patience=1.0)), play)
    assert main.user_model == "offline"
    assert main.provenance.generator == "offline"
    assert main.provenance.prompt_hashes[PROMPT.prompt_id] == PROMPT.hash
    assert await stage()(session(coding_state(), persona=person(patience=1.0)), play)


async def test_a_rehearsed_user_marks_the_record_even_beside_a_real_assistant() -> None:
    model = QueuedModel(["```python\nx = 1\n```"] * 99)
    (main, *_) = await stage()(session(coding_state()), context(assistant=model, user=offline_model()))
    assert main.provenance.generator == "offline"
    assert main.provenance.model == "fake"
