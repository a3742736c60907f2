"""What middleware tells an assistant: once a turn, from messages of any endpoint, and nothing where anything fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tactful.live.counsel.facts import Facts, heard_in
from tactful.types import Message, NativeAsk


class Scripted:
    """A counsel that answers with what it was asked. `fails`: it raises."""

    def __init__(self, *, fails: bool = False, put: bool = False) -> None:
        self.fails, self.put, self.kills = fails, put, False
        self.advised: list[tuple[Sequence[Message], str, str]] = []
        self.vetted: list[tuple[NativeAsk, str]] = []

    def advise(self, messages: Sequence[Message], *, user: str, conversation: str) -> Any:
        if self.fails:
            raise TimeoutError
        self.advised.append((messages, user, conversation))
        return {"behaviour": f"fact {len(self.advised)}", "conversation": conversation or "known"}

    def vet(self, messages: Sequence[Message], ask: NativeAsk, *, user: str, conversation: str) -> Any:
        self.vetted.append((ask, conversation))
        return {"put": self.put, "told": "The usual default: a word."}

    def killed(self) -> bool:
        if self.fails:
            raise TimeoutError
        return self.kills


USER = {"role": "user", "content": "Book a table"}
STEP = [USER, {"role": "assistant", "content": None, "tool_calls": [{}]}, {"role": "tool", "content": "none"}]


def test_a_turn_of_several_steps_is_decided_once_and_the_same_request_anew() -> None:
    counsel = Scripted()
    facts = Facts(counsel)  # type: ignore[arg-type]
    assert [facts.fact([USER], user="ann"), facts.fact(STEP, user="ann")] == ["fact 1", "fact 1"]
    assert facts.fact([USER], user="ann") == "fact 2"
    assert facts.fact(STEP, user="bob") == "fact 3"
    assert [(user, conversation) for _, user, conversation in counsel.advised] == [
        ("ann", ""),
        ("ann", ""),
        ("bob", ""),
    ]


@dataclass
class Answer:
    """As clients give the assistant's messages."""

    content: str | None
    role: str = "assistant"


def test_messages_with_attributes_are_read_like_those_with_keys_and_a_broken_one_is_counted() -> None:
    counsel = Scripted()
    facts = Facts(counsel)  # type: ignore[arg-type]
    steps: list[list[Any]] = [[USER], [USER, Answer(None), STEP[-1]], [USER, Answer("For two?"), USER]]
    assert [facts.fact(step) for step in steps] == ["fact 1", "fact 1", "fact 2"]
    assert [one.content for one in counsel.advised[-1][0]] == ["Book a table", "For two?", "Book a table"]
    asked = {"question": "Inside?", "options": ["yes", "no"]}
    assert facts.veto([USER, Answer(None)], asked) == "The usual default: a word."
    assert (facts.fact([{"role": "user", "content": [{"type": "text"}]}]), facts.failed) == ("", 1)


def test_of_parts_the_text_is_read_and_what_is_no_message_is_left_out() -> None:
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"type": "reasoning", "summary": []},
        {"role": "user", "content": [{"type": "input_text", "text": "Look:"}, {"type": "input_image"}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "A cat."}]},
        {"role": "user", "content": "And now?"},
        {"type": "function_call", "name": "look"},
        {"role": "assistant", "content": "I look."},
    ]
    assert [(one.role, one.content) for one in heard_in(messages)] == [
        ("user", "Look:"),
        ("assistant", "A cat."),
        ("user", "And now?"),
    ]
    assert Facts(Scripted()).fact([{"role": "assistant", "content": "Hello!"}]) == ""  # type: ignore[arg-type]


def test_what_fails_is_no_fact_and_no_veto_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    facts = Facts(Scripted(fails=True))  # type: ignore[arg-type]
    assert facts.fact([USER]) == ""
    assert facts.veto([USER], {"question": "For when?", "options": ["now"]}) == ""
    assert facts.failed == 1
    assert "Book" not in caplog.text


def test_later_steps_of_a_turn_are_told_nothing_while_the_kill_switch_is_on_or_cannot_be_asked_for() -> None:
    counsel = Scripted()
    facts = Facts(counsel)  # type: ignore[arg-type]
    facts.fact([USER])
    counsel.kills = True
    assert facts.fact(STEP) == ""
    counsel.kills = False
    assert facts.fact(STEP) == "fact 1"
    counsel.fails = True
    assert facts.fact(STEP) == ""
    assert facts.failed == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"question": "A word?", "options": ["yes", "no"]},
        '{"questions": [{"question": "A word?", "options": [{"label": "yes"}, {"label": "no"}]}]}',
    ],
)
@pytest.mark.parametrize("put", [False, True])
def test_a_question_is_held_against_the_advice_of_its_turn(
    put: bool, arguments: dict[str, Any] | str
) -> None:
    counsel = Scripted(put=put)
    facts = Facts(counsel)  # type: ignore[arg-type]
    assert facts.veto([USER], {"question": "A word?"}) == ""  # no turn of which anything is known
    facts.fact([USER])
    assert facts.veto(STEP, "{}") == ""  # nothing is asked
    assert facts.veto(STEP, arguments) == ("" if put else "The usual default: a word.")
    ((ask, conversation),) = counsel.vetted
    assert (ask.questions, ask.options, conversation) == (("A word?",), (("yes", "no"),), "known")
