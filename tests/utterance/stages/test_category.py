"""Stages 2 and 3: category reasoning and the gold category."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import FakeModel, example

from tactful.errors import ParseError
from tactful.utterance.stages.category import find_category, reason_categories
from tactful.utterance.types import Category

GOOD = {"statement": "an answer", "question": "more to know", "instruction": "to be booked"}


async def test_reasoning_is_written_without_sight_of_the_message():
    model = FakeModel()
    reasoning, repairs = await reason_categories(example(), model)
    assert reasoning.of(Category.QUESTION) == "more to know"
    assert repairs == ()
    assert "parking" not in model.asked("category")[0]


@pytest.mark.parametrize(
    "said",
    [
        {"Statement": "an answer", "Question": "more to know", "INSTRUCTION": "to be booked"},
        [{"category": name.title(), "reasoning": text} for name, text in GOOD.items()],
        {name: {"reasoning": text, "likely": 0.3} for name, text in GOOD.items()},
        {**GOOD, "conclusion": "a question"},
    ],
)
async def test_sloppy_reasoning_is_mended_and_marked(said):
    reasoning, repairs = await reason_categories(example(), FakeModel(category=[said]))
    assert reasoning.model_dump() == GOOD
    assert repairs


@pytest.mark.parametrize(
    "said", [{"statement": "a", "question": "b"}, {**GOOD, "question": " "}, [], "a question"]
)
async def test_missing_reasoning_is_never_made_up(said):
    with pytest.raises(ParseError):
        await reason_categories(example(), FakeModel(category=[said]))


async def test_gold_category_sees_the_last_answer_and_the_message_alone():
    model = FakeModel()
    category, _ = await find_category(example(at=1), model)
    [prompt] = model.asked("gold_category")
    assert category is Category.QUESTION
    assert "Yes, it has free parking." in prompt
    assert "Book it for 2 people, please." in prompt
    assert "cheap place" not in prompt


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("question", "Question"),
        ("Ｑｕｅｓｔｉｏｎ。", "Question"),
        (" **Statement** ", "Statement"),
        ("指令", "Instruction"),
    ],
)
async def test_category_in_another_spelling_is_mended(said, wanted):
    model = FakeModel(gold_category={"reason": "so", "category": said})
    category, repairs = await find_category(example(), model)
    assert (category, repairs) == (wanted, ("category spelt otherwise",))


@pytest.mark.parametrize("said", ["Question or Statement", "greeting", "", None, 1])
async def test_unknown_category_is_refused(said):
    with pytest.raises(ParseError):
        await find_category(example(), FakeModel(gold_category={"reason": "so", "category": said}))


async def test_the_last_answer_is_shortened_to_what_is_shown_of_a_context():
    turns = (("user", "Hi"), ("assistant", "x" * 2_000), ("user", "Does it have parking?"))
    model = FakeModel()
    await find_category(example(turns), model, max_chars=600)
    assert "[… 1400 characters left out …]" in model.asked("gold_category")[0]
