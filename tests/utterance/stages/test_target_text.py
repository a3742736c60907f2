from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.utterance.stages.target_text import parse_target, target_text, tree_of
from tactful.utterance.types import Category, CategoryReasoning, Insight, IntentTree

TREE = IntentTree.model_validate(
    {
        "topics": [
            {
                "name": "hotel",
                "attributes": [{"name": "area", "values": ["north", "east"]}, {"name": "price"}],
            }
        ]
    }
)
REASONING = CategoryReasoning(
    statement="They may thank.", question="Prices are open.", instruction="They may book."
)
FOUR = ("a", "b", "c", "d")


def insight(*said: str) -> Insight:
    def view(at: int) -> dict[str, object]:
        paths = [
            {"topic": "hotel", "attribute": "price", "value": "moderate"},
            {"topic": "taxi", "attribute": "time"},
        ]
        return {"reasoning": f"reasons {at}", "paths": paths, "predictions": list(said[at : at + 2])}

    return Insight.model_validate({"mining": view(0), "exploration": view(2)})


def test_what_is_written_is_read_back_whole() -> None:
    text = target_text(TREE, REASONING, Category.QUESTION, insight(*FOUR))
    parsed = parse_target(text)
    assert parsed.predictions == FOUR
    assert parsed.views == ("mining", "mining", "exploration", "exploration")
    assert parsed.category is Category.QUESTION
    assert parsed.tree == TREE
    assert parsed.problems == ()
    assert text.startswith("<think>\n[Intent tree]\n{")
    assert "1. hotel → price → moderate\n2. taxi → time" in text
    assert "They may thank." not in text


PIECES = (
    "&",
    "amp;",
    "lt;",
    "#65308;",
    "gt;",
    "<",
    ">",
    "＜",
    "/",
    " ",
    "1",
    "x",
    "think",
    "predict",
    "PREDICTION",
)
SAID = (
    (st.text(min_size=1) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
    .map(str.strip)
    .filter(bool)
)


@pytest.mark.slow
@given(st.tuples(SAID, SAID, SAID, SAID))
def test_any_predictions_survive_writing_and_reading(said: tuple[str, str, str, str]) -> None:
    assert parse_target(target_text(TREE, REASONING, Category.STATEMENT, insight(*said))).predictions == said


@pytest.mark.parametrize(
    "said",
    [
        ("write </predict> twice", "and <think>", "<b>bold</b> <predict>", "</think>"),
        (
            "How do I turn a List<Prediction> into JSON?",
            "Why is <prediction> open?",
            "<predict 1>",
            "<thinking>",
        ),
        (
            "Escape it as &lt;predict>",
            "as &amp;lt;/Predict>",
            "as &lt;predict&gt;",
            "＜predict＞ or &#65308;think>",
        ),
    ],
)
def test_our_own_tags_inside_a_prediction_end_nothing(said: tuple[str, ...]) -> None:
    parsed = parse_target(target_text(TREE, REASONING, Category.INSTRUCTION, insight(*said)))
    assert parsed.predictions == said
    assert parsed.problems == ()


@given(st.text(alphabet=st.sampled_from('<>/＜＞{}"\\:&ltaep \nthinkpredict')), st.text())
def test_no_reply_makes_the_reader_fail(text: str, thoughts: str) -> None:
    parsed = parse_target(text, thoughts)
    assert parsed.usable or parsed.problems


@pytest.mark.parametrize(
    ("text", "predictions", "problem"),
    [
        ("<predict>a</predict><predict>b", ("a", "b"), "a <predict> is not closed"),
        ("<predict>a<predict>b</predict>", ("a", "b"), "a <predict> is not closed"),
        ("<predict></predict><predict>b</predict>", ("b",), "an empty <predict>"),
        ("<think>no end <predict>a</predict>", ("a",), "<think> is not closed"),
        ("<think>x <predict>a</predict></think>", ("a",), "the predictions stand inside <think>"),
        (
            "<think>draft <predict>no</predict></think><predict>yes</predict>",
            ("yes",),
            "1 predictions, expected 4",
        ),
        ("just words", (), "no <predict> holds a text"),
        ("", (), "no <predict> holds a text"),
        ("</predict>", (), "no <predict> holds a text"),
        ("".join(f"<predict>{n}</predict>" for n in range(5)), tuple("01234"), "5 predictions, expected 4"),
    ],
)
def test_what_is_there_is_taken_and_what_is_wrong_is_said(
    text: str, predictions: tuple[str, ...], problem: str
) -> None:
    parsed = parse_target(text)
    assert parsed.predictions == predictions
    assert problem in parsed.problems
    assert parsed.views == ()


@pytest.mark.parametrize(
    "text",
    [
        "<PREDICT>a</Predict>",
        "＜predict＞a＜／predict＞",
        "<predict1>a</predict1>",
        '<predict id="1">a</predict>',
        "<prediction>a</prediction>",
        "The user will say:\n<predict>\n a \n</predict> I think.",
    ],
)
def test_tags_are_read_in_other_spellings(text: str) -> None:
    assert parse_target(text).predictions == ("a",)


@pytest.mark.parametrize(
    ("thoughts", "category"),
    [
        ("Category: Question", Category.QUESTION),
        ("**Category:** *instruction*", Category.INSTRUCTION),
        ("类别：Statement", Category.STATEMENT),
        ("Category: Statement? No.\nCategory: Question", Category.QUESTION),
        ("Category: Question\nThe category Instruction is less likely.", Category.QUESTION),
        (
            "[Category] the category is\nCategory: Question\n[Mining view]\nCategory: Statement",
            Category.QUESTION,
        ),
        ("It will be a question.", None),
        ("Category: Questions", None),
    ],
)
def test_the_category_is_the_last_one_named_as_such(thoughts: str, category: Category | None) -> None:
    parsed = parse_target(f"<think>{thoughts}</think><predict>a</predict>")
    assert parsed.category is category
    assert ("no category is named" in parsed.problems) is (category is None)


def test_a_view_that_speaks_of_another_category_does_not_change_the_one_that_was_written() -> None:
    said = insight(*FOUR)
    mining = said.mining.model_copy(
        update={"reasoning": "A message of the category Instruction is less likely."}
    )
    written = target_text(TREE, REASONING, Category.QUESTION, said.with_view("mining", mining))
    assert parse_target(written).category is Category.QUESTION


def test_thoughts_that_the_door_has_parted_are_read_with_their_tags_or_without() -> None:
    text = target_text(TREE, REASONING, Category.QUESTION, insight(*FOUR))
    thoughts, said = text.split("</think>")
    for given_thoughts in (f"{thoughts}</think>", thoughts.removeprefix("<think>")):
        parsed = parse_target(said, given_thoughts)
        assert (parsed.predictions, parsed.category, parsed.tree) == (FOUR, Category.QUESTION, TREE)


def test_thoughts_that_were_not_sent_are_unknown_but_no_problem() -> None:
    parsed = parse_target("".join(f"<predict>{said}</predict>" for said in FOUR))
    assert parsed.category is None
    assert parsed.tree is None
    assert parsed.problems == ()


def test_a_tree_may_hold_single_values_and_is_found_among_other_braces() -> None:
    thoughts = 'code {x} and {"a": 1}, then {"hotel": {"area": "north", "stars": 4, "none": ""}}'
    parsed = parse_target(f"<think>{thoughts} Category: Question</think><predict>a</predict>")
    assert parsed.tree is not None
    assert parsed.tree.as_dict() == {"hotel": {"area": ["north"], "stars": ["4"], "none": []}}


@pytest.mark.parametrize("data", [None, [], {}, {"hotel": "north"}, {"": {"a": "b"}}])
def test_what_is_no_tree_is_refused(data: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own words
        tree_of(data)


@pytest.mark.slow
def test_a_reply_full_of_open_braces_is_read_in_no_time() -> None:
    assert parse_target(f"<think>{'{' * 50_000}</think><predict>a</predict>").predictions == ("a",)
