"""ProUtt's published forms, in rows of our own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tactful.data.formats.chats import Dialogue
from tactful.errors import DataError
from tactful.utterance.predict.published import GoldByHistory, array_rows, is_array, prediction_of
from tactful.utterance.types import Category

RAW = {
    "id": 7,
    "conversation": [
        {"role": "user", "content": "A hotel in the north?"},
        {"role": "assistant", "content": "Two are left:\n```\nA, B\n```"},
        {"role": "user", "content": "Which is cheaper?"},
        {"role": "assistant", "content": "A is."},
        {"role": "user", "content": "Book it."},
    ],
}
INSIGHT = {
    "mining_view": {"reasoning": "r", "predictions": ["How much is A?", "Is there parking?"]},
    "explore_view": {"reasoning": "r", "predictions": ["And a taxi?", "A restaurant?"]},
}
SYNTHESIZED = {
    "sample_id": 7,
    "item_id": 0,
    "context": RAW["conversation"][:2],
    "label": "Which is cheaper?",
    "utterance_category_gt": {"reasoning": "r", "predicted_category": "Question"},
    "insight_reason": INSIGHT,
    "gt_insight_path": {"insight": "Exploration", "path": []},
    "chosen": {
        "utterance_category_reason": {"category": "Question", "reasoning": "r"},
        "insight_reason": {
            **INSIGHT,
            "mining_view": {"predictions": ["Which is cheaper?", "Which is better?"]},
        },
    },
    "rejected": {"insight_reason": INSIGHT},
}
HISTORY = "\n[Round 1]\nUser: A hotel in the north?\nAssistant: Two are left:\n```\nA, B\n```"
ANSWER = (
    "<think>[User Intent Tree]: {'hotel': {'area': 'north'}}\nTherefore, the sentence category for the user's next "
    "input is most likely Question.</think>\nNext:\n<predict>How much?</predict>\n<predict>Parking?</predict>\n"
    "<predict>A taxi?</predict>\n<predict>A restaurant?</predict>\n"
)


def pref_row(history: str = HISTORY) -> dict[str, Any]:
    return {
        "conversations": [{"from": "human", "value": f"Predict.\n[history]: \n```\n{history}\n```"}],
        "chosen": {"from": "gpt", "value": ANSWER},
        "rejected": {"from": "gpt", "value": "<predict>Goodbye.</predict>"},
    }


def test_a_synthesized_row_gives_gold_labels_and_the_predictions_before_revision() -> None:
    item = prediction_of(SYNTHESIZED)
    assert (item.id, item.dialogue_id, item.lang) == ("7#0", "7", "en")
    assert item.predictions == ("How much is A?", "Is there parking?", "And a taxi?", "A restaurant?")
    assert item.views == ("mining", "mining", "exploration", "exploration")
    assert item.category is None
    assert item.hindsight.message == "Which is cheaper?"
    assert item.hindsight.category is Category.QUESTION
    assert item.hindsight.view == "exploration"
    assert item.provenance.generator == "import"


def test_the_other_sides_are_taken_when_asked_for() -> None:
    chosen = prediction_of(SYNTHESIZED, side="chosen")
    assert chosen.predictions[0] == "Which is cheaper?"
    assert chosen.category is Category.QUESTION
    assert prediction_of(SYNTHESIZED, side="rejected").predictions[0] == "How much is A?"


@pytest.mark.parametrize("key", ["gold", "label", "target", "user_next", "reference"])
def test_plain_rows_are_read_under_many_names(key: str) -> None:
    row = {
        "id": "a",
        "conversation": RAW["conversation"][:2],
        key: "Book it",
        "predictions": ["Book it", " "],
    }
    item = prediction_of(row)
    assert (item.id, item.predictions, item.hindsight.message) == ("a", ("Book it",), "Book it")


def test_a_row_with_a_reply_in_our_tags_is_read_like_a_models() -> None:
    row = {"id": "a", "context": RAW["conversation"][:2], "gold": "Book it", "output": ANSWER}
    item = prediction_of(row)
    assert item.predictions == ("How much?", "Parking?", "A taxi?", "A restaurant?")
    assert item.category is Category.QUESTION
    unreadable = prediction_of(row | {"output": "no idea"})
    assert not unreadable.usable
    assert unreadable.problems == ("no <predict> holds a text",)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ([1], "expected an object"),
        ({"id": "a", "gold": "x", "predictions": []}, "no context or conversation"),
        (
            {"id": "a", "context": [{"role": "user", "content": "x"}], "predictions": []},
            "no gold message.*--dialogues",
        ),
        ({"context": [{"role": "user", "content": "x"}], "gold": "y", "predictions": ["z"]}, "no 'id'"),
        (
            {"id": "a", "context": [{"role": "user", "content": "x"}], "gold": "y"},
            "neither 'predictions' nor",
        ),
        ({"id": "a", "context": [{"role": "wizard", "content": "x"}], "gold": "y"}, "role"),
        ({"id": "a", "context": "text", "gold": "y"}, "no context or conversation"),
        (
            {
                "id": "a",
                "context": [{"role": "user", "content": "x"}],
                "gold": "y",
                "predictions": ["y", {"text": "y"}],
            },
            r"predictions\[1\] is .*text.*, expected a text",
        ),
    ],
)
def test_what_is_missing_is_said(row: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        prediction_of(row)


def test_a_processed_row_finds_its_gold_message_by_the_history_in_its_prompt() -> None:
    gold = GoldByHistory([Dialogue.model_validate(RAW)])
    item = prediction_of(gold.row(pref_row(), 3, "chosen"))
    assert item.hindsight.message == "Which is cheaper?"
    assert item.dialogue_id == "7"
    assert len(item.predictions) == 4
    longer = HISTORY + "\n\n[Round 2]\nUser: Which is cheaper?\nAssistant: A is."
    assert gold.row(pref_row(longer), 1, "chosen")["gold"] == "Book it."
    assert prediction_of(gold.row(pref_row(), 1, "rejected")).predictions == ("Goodbye.",)


def test_a_history_that_several_dialogues_share_places_a_row_only_where_all_go_on_alike() -> None:
    same, other = RAW | {"id": 8}, RAW | {"id": 9, "conversation": [dict(one) for one in RAW["conversation"]]}
    other["conversation"][2]["content"] = "Is there parking?"
    alike = GoldByHistory([Dialogue.model_validate(one) for one in (RAW, same)])
    assert alike.row(pref_row(), 1, "chosen")["gold"] == "Which is cheaper?"
    differ = GoldByHistory([Dialogue.model_validate(one) for one in (RAW, same, other)])
    with pytest.raises(
        ValueError, match=r"3 of the --dialogues have the history.*different messages come next"
    ):
        differ.row(pref_row(), 1, "chosen")


def test_sft_rows_and_our_own_trl_rows_hold_the_reply_among_their_messages() -> None:
    gold = GoldByHistory([Dialogue.model_validate(RAW)])
    prompt = pref_row()["conversations"][0]["value"]
    said = {"messages": [{"role": "user", "content": prompt}, {"role": "assistant", "content": ANSWER}]}
    assert gold.row(said, 1, "chosen")["output"] == ANSWER
    with pytest.raises(ValueError, match="no reply"):
        gold.row({"messages": [{"role": "user", "content": prompt}]}, 1, "chosen")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (pref_row("[Round 1]\nUser: other\nAssistant: words"), "none of the --dialogues"),
        (pref_row("no rounds"), r"\[Round 1\]"),
        ({"chosen": 1}, "no conversations or messages"),
        ("text", "expected an object"),
    ],
)
def test_a_processed_row_that_cannot_be_placed_says_why(row: Any, problem: str) -> None:
    gold = GoldByHistory([Dialogue.model_validate(RAW)])
    with pytest.raises(ValueError, match=problem):
        gold.row(row, 1, "chosen")


def test_an_array_is_told_from_lines_and_a_broken_one_names_its_line(tmp_path: Path) -> None:
    array, lines = tmp_path / "a.json", tmp_path / "b.jsonl"
    array.write_text("\ufeff [\n1,\n2]")
    lines.write_text("{}\n")
    assert is_array(array)
    assert not is_array(lines)
    assert array_rows(array) == [1, 2]
    array.write_text("[\n1,\n2,,]")
    with pytest.raises(DataError, match=r"a\.json:3: not JSON"):
        array_rows(array)
