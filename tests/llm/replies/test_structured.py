from __future__ import annotations

import pytest
from pydantic import BaseModel

from tactful.llm.replies.structured import Unusable, parse_reply, schema_text
from tactful.llm.replies.words import clip
from tactful.types import Record


class Item(Record):
    title: str
    weight: float
    tags: tuple[str, ...] = ()


class Loose(BaseModel):
    value: float
    more: dict[str, float] = {}


GOOD = '{"title": "a", "weight": 0.5}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"\n {GOOD} \n",
        f"```json\n{GOOD}\n```",
        f"Sure!\n```\n{GOOD}\n```\nBye.",
        f"Here it is: {GOOD}. Good?",
        f"<think>maybe {{}} or []</think>{GOOD}",
        f"<thinking>\n```json\n{{}}\n```</thinking>\n```json\n{GOOD}\n```",
        f"so I think\n</think>\n{GOOD}",
        f"{GOOD}\n\nNote: I chose {{a}} and [b].",
        f"{GOOD}<|im_end|>",
        f"{GOOD}</s>",
        f"About {{query}}, [answer] and [1]:\n\n{GOOD}",
        f'First I thought {{"title": 1}}, then: {GOOD}',
        f'{GOOD} or rather {{"title": "b", "weight": 1}}',
        f"[THINK]The items {{a, b}}.[/THINK]{GOOD}",
        f"<|channel|>analysis<|message|>{{}}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}",
        '{"response": ' + GOOD + "}",
        'So: {"item": ' + GOOD + "} - done",
        '{"name": "Item", "arguments": ' + GOOD + "}",
        '{"response": {"item": ' + GOOD + "}}",
        '{"$schema": "x", "item": ' + GOOD + "}",
        '{"properties": ' + GOOD + ', "type": "object"}',
        '{"items": [' + GOOD + "]}",
        '{"type": "function", "function": {"name": "x", "parameters": ' + GOOD + "}}",
        '{"type": "tool_use", "name": "f", "input": ' + GOOD + "}",
        '[TOOL_CALLS][{"name": "f", "arguments": ' + GOOD + "}]",
        '{"item": "{\\"title\\": \\"a\\", \\"weight\\": 0.5}"}',
        '"{\\"title\\": \\"a\\", \\"weight\\": 0.5}"',
    ],
)
def test_json_is_found_in_its_usual_wrappings(text: str) -> None:
    parsed = parse_reply(text, Item, complete=True)
    assert (parsed.value, parsed.repaired) == (Item(title="a", weight=0.5), False)


@pytest.mark.parametrize(
    "text", ["{'title': 'a', 'weight': 0.5}", '{"title": "a", "weight": 0.5,}', '{title: "a", weight: 0.5}']
)
def test_slightly_broken_json_is_repaired_only_in_a_complete_reply(text: str) -> None:
    assert parse_reply(text, Item, complete=True) == (Item(title="a", weight=0.5), True)
    with pytest.raises(Unusable, match="not JSON"):
        parse_reply(text, Item, complete=False)


@pytest.mark.parametrize("end", range(1, len(GOOD) - 1))
def test_json_cut_off_anywhere_is_never_taken_for_an_answer(end: int) -> None:
    with pytest.raises(Unusable):
        parse_reply(GOOD[:end], Item, complete=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"title": "a"}', "weight: Field required"),
        ('{"title": "a", "weight": 1, "x": 2}', "x: Extra inputs"),
        ('{"title": "a", "weight": NaN}', "weight: .*finite"),
        ('{"title": "a", "weight": -Infinity}', "weight: .*finite"),
        ('{"title": "a", "weight": "NaN"}', "weight"),
        ('{"title": "a", "weight": 1e999}', "weight"),
        ('{"title": "a", "weight": 1, "tags": {"0": "x"}}', "tags: .*array"),
        ('[{"title": "a", "weight": 1}]', "Item: .*object"),
        ("I would rather not.", "not JSON"),
        ("<think>and so on", "not JSON"),
        ("", "not JSON"),
        ("{" * 5000, "not JSON"),
        ("[1] " * 5000, "Item: .*"),
        ('{"items": {"title": "a", "weight": 1}, "more": ', "cut off"),
        ('{"response": {"title": "a"}}', "response: Extra|title"),
        ('{"first": ' + GOOD + ', "second": ' + GOOD + "}", "title: Field required"),
        ('{"title": "b", "other": ' + GOOD + "}", "weight: Field required"),
    ],
)
def test_what_does_not_fit_is_said_in_words_for_the_model(text: str, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        parse_reply(text, Item, complete=True)


@pytest.mark.parametrize(
    "text", ['{"value": "NaN"}', '{"value": "inf"}', '{"value": 1, "more": {"a": 1e999}}']
)
def test_numbers_that_are_none_are_refused_also_by_types_that_would_take_them(text: str) -> None:
    with pytest.raises(Unusable, match="NaN or Infinity"):
        parse_reply(text, Loose, complete=True)


def test_half_a_character_is_read_as_a_replacement_mark() -> None:
    text = r'{"title": "a \ud83d b \ud83d\ude00 \\ud83d", "weight": 1}'
    assert parse_reply(text, Item, complete=True).value.title == "a \ufffd b \U0001f600 \\ud83d"


def test_numbers_in_fields_that_nobody_reads_may_be_none() -> None:
    assert parse_reply('{"value": 1, "logprob": -Infinity, "x": NaN}', Loose, complete=True).value.value == 1


def test_the_words_nan_and_infinity_may_stand_in_a_text() -> None:
    assert parse_reply('{"title": "NaN and Infinity", "weight": 1}', Item, complete=True).value.weight == 1


def test_foreign_text_is_clipped_to_one_clean_line() -> None:
    assert clip("a\x1b[31m\nb\u202e") == "a [31m b"
    assert clip(b"\xff\xfe") == "\ufffd\ufffd"
    assert clip("x" * 500) == "x" * 200 + "…"
    assert clip("\ud83d") == "?"


def test_the_schema_keeps_fields_called_title_and_drops_titles() -> None:
    assert '"title":{"type":"string"}' in schema_text(Item)
    assert "Item" not in schema_text(Item)
