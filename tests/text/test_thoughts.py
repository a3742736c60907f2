from __future__ import annotations

import time

import pytest

from tactful.text.questions import questions
from tactful.text.thoughts import split_content, split_thoughts, strip_thoughts

FINAL = "<|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<think>x</think>\nfine", "fine"),
        ("<THINK>x</THINK>fine", "fine"),
        ("<thinking>\nx\n</thinking>fine", "fine"),
        ("<think>a</think><think>b</think>\nfine", "fine"),
        ("<thought>x</thought>fine", "fine"),
        ("<reasoning>x</reasoning>fine", "fine"),
        ("<seed:think>x</seed:think>fine", "fine"),
        ("<analysis>x</analysis>fine", "fine"),
        ('<details type="reasoning" done="true">\n<summary>Thought for 3 s</summary>\n> x\n</details>\nfine', "fine"),
        ("[THINK]x[/THINK]fine", "fine"),
        ("◁think▷x◁/think▷fine", "fine"),
        ("<|begin_of_thought|>x<|end_of_thought|>\n<|begin_of_solution|>fine<|end_of_solution|>", "fine"),
        ("<|START_THINKING|>x<|END_THINKING|><|START_RESPONSE|>fine<|END_RESPONSE|>", "fine"),
        ("<|channel>thought\nx<channel|>fine<turn|>", "fine"),
        ("Here is my thought process:\nx\nHere is my response:\nfine", "fine"),
        ("Here are my reasoning steps:\nx\n[BEGIN FINAL RESPONSE]\nfine\n[END FINAL RESPONSE]", "fine"),
        ("<think>x</think><answer>fine</answer>", "fine"),
        ("x</think>fine", "fine"),
        ("x\n[/THINK]\nfine", "fine"),
        (f"<|channel|>analysis<|message|>x<|end|>{FINAL}fine<|return|>", "fine"),
        (f"<|channel|>analysis<|message|>x<|end|><|channel|>commentary<|message|>y<|end|>{FINAL}fine", "fine"),
        ("<|channel|>final <|constrain|>json<|message|>fine", "fine"),
        ("analysisThe user greets.assistantfinalfine", "fine"),
        ("Hello.\n<think>\nnow what\n</think>\nfine", "Hello.\n\nfine"),
        ("Hello. <think>What does the user want?</think>fine", "Hello. fine"),
        ("fine<|im_end|>", "fine"),
        ("fine</s>", "fine"),
        ("fine<|eot_id|>\n<|end_of_text|>", "fine"),
        ("fine<｜end▁of▁sentence｜>", "fine"),
        ("<mm:think>x</mm:think>fine", "fine"),
        ("<inner_thoughts>x</inner_thoughts>fine", "fine"),
        ("<reasoning_content>x</reasoning_content>fine", "fine"),
        ("<thinking_process>x</thinking_process>fine", "fine"),
        ("<chain_of_thought>x</chain_of_thought>fine", "fine"),
        ("<思考>x</思考>fine", "fine"),
        ("<think >x</think >fine", "fine"),
        ("<think>x</thinking>fine", "fine"),
        ("<think/>fine", "fine"),
        ("<think>\nx\n<think>\ny</think>\n</think>fine", "fine"),
        ("<think>x</think><final>fine</final>", "fine"),
        ("[THOUGHT]x[/THOUGHT]fine", "fine"),
        ("<|begin_of_thinking|>x<|end_of_thinking|>fine", "fine"),
        ("<|thought_start|>x<|thought_end|>fine", "fine"),
        ("<|reasoning|>x<|/reasoning|>fine", "fine"),
        ("<|inner_prefix|>x<|inner_suffix|>fine", "fine"),
        ("<details>\n<summary>Thought for 12 seconds</summary>\n\nx\n</details>\n\nfine", "fine"),
        ("<|start|>assistant<|channel|>analysis<|message|>x<|end|><|start|>assistant<|message|>fine<|return|>", "fine"),
        ("<|im_start|>assistant\nfine<|im_end|>", "fine"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nfine<|eot_id|>", "fine"),
        ("<bos>fine<end_of_utterance>", "fine"),
        ("fine[|endofturn|]", "fine"),
        ("fine<|END_OF_TURN_TOKEN|>", "fine"),
        ("fine[/INST]", "fine"),
        ("fine</s><s>", "fine"),
    ],
)  # fmt: skip
def test_thoughts_and_control_tokens_are_no_part_of_what_was_said(text: str, said: str) -> None:
    assert strip_thoughts(text) == said


@pytest.mark.parametrize(
    "text",
    ["<think>never ends", "[THINK]never ends", "<|channel|>analysis<|message|>never ends"]
    + [
        f"<{name}>never ends"
        for name in ("thought_process", "inner_monologue", "reasoning_content", "think_fast")
    ],
)
def test_a_thought_that_never_ends_leaves_nothing_said(text: str) -> None:
    assert split_thoughts(text) == (text, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain words, I think.",
        " spaces stay \n",
        "Use the <think> tag. I think.",
        "Write <think>a</think> like this.",
        "Put it between <think>...</think> tags.",
        "Write `<think>what does the user want</think>` first.",
        "So:\n```\n<think>\nwhat does the user want\n</think>\n```\nfine",
        '{"reason": "the tag </think> closes it"}',
        "<analysis>\nA chapter of that name, without an end.",
        "<s>old</s>",
        "<design_thinking>\nA chapter of that name, without an end.",
        "<details><summary>Steps</summary>\nfirst\n</details>\nfine",
        "<planning>first</planning>",
        "analysis of the text: the final assistant",
        "[1] is the first source.",
    ],
)
def test_a_text_that_only_speaks_about_thoughts_stays_as_it_is(text: str) -> None:
    assert split_thoughts(text) == ("", text)


def test_what_was_thought_is_kept_apart_with_its_tags() -> None:
    assert split_thoughts("<think>\nred?\n</think>\nblue") == ("<think>\nred?\n</think>", "blue")
    assert split_thoughts("red?</think>blue") == ("red?</think>", "blue")


def test_parts_of_a_thinking_type_are_thoughts_and_only_text_is_said() -> None:
    parts = [
        {"type": "reasoning", "text": "the user is new"},
        {"type": "thinking", "thinking": [{"type": "text", "text": "be kind"}]},
        {"part_kind": "thinking", "content": "not said"},
        {"type": "text", "text": "Hel"},
        {"type": "output_text", "text": {"value": "lo"}},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "tool_use", "name": "search", "input": {}},
        " you",
    ]
    assert split_content(parts) == ("the user is new\nbe kind\nnot said", "Hello you")
    assert split_content(None) == ("", "")
    assert split_content("<think>x</think>a") == ("<think>x</think>", "a")
    assert split_content(3) == ("", None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["<think>" * 100_000, "x</think>" + "<think>" * 100_000, "x <think>a b c d</think>" * 50_000, "<|channel|>" * 100_000]
)  # fmt: skip
def test_a_hostile_text_takes_no_more_than_moments(text: str) -> None:
    began = time.process_time()
    split_thoughts(text)
    assert time.process_time() - began < 5


def test_a_question_that_was_only_thought_is_put_to_nobody() -> None:
    assert questions("<think>Which format does the user want?</think>Here is the plan.") == []
    assert questions("<|channel|>analysis<|message|>Which one?<|end|>" + FINAL + "Which day suits you?") == [
        "Which day suits you?"
    ]
