"""Dialogues as prompts show them."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import example

from tactful.data.formats.chats import ChatMessage
from tactful.utterance.transcript import fenced, language, transcript


def test_messages_stand_under_their_speakers_oldest_first():
    turns = (
        ("system", "Be brief."),
        ("user", "Hi\nthere"),
        ("assistant", "Hello."),
        ("tool", "42"),
        ("user", "And?"),
    )
    assert (
        transcript(example(turns).context)
        == "System: Be brief.\nUser: Hi\nthere\nAssistant: Hello.\nTool: 42"
    )


def test_oldest_messages_of_a_long_context_are_left_out_and_told():
    turns = [("user" if at % 2 == 0 else "assistant", f"message {at} " + "x" * 100) for at in range(21)]
    shown = transcript(example(turns, at=-1).context, 500)
    assert shown.startswith("[… 16 earlier messages left out …]\nUser: message 16")
    assert shown.rstrip("x").endswith("message 19 ")


def test_middle_of_a_giant_message_is_left_out_and_told():
    turns = (("user", "a" * 10_000 + "z"), ("assistant", "Yes."), ("user", "So?"))
    shown = transcript(example(turns).context, 24_000)
    assert "[… 2001 characters left out …]" in shown
    assert "z\nAssistant: Yes." in shown


@pytest.mark.parametrize("role", ["assistant", "tool"])
def test_newest_message_of_a_context_is_shortened_where_it_alone_is_too_long(role):
    said = [ChatMessage(role="user", content="Hi" * 99), ChatMessage(role=role, content="x" * 7_999 + "z")]
    omitted, shown = transcript(said, 500).split("\n", 1)
    assert omitted == "[… 1 earlier messages left out …]"
    assert len(shown) <= 500
    assert shown.endswith("xz")
    assert "characters left out" in shown


def test_no_text_can_hold_the_mark_that_fences_it():
    first = fenced(one="a", other="b")
    second = fenced(one="a", other=f"b {first['mark']}")
    assert first["mark"] != second["mark"]
    assert second["mark"] not in second["other"]
    assert fenced(one="a", other="b") == first


def test_language_is_named_in_words():
    assert [language(code) for code in ("zh", "en", "zh-CN")] == [
        "Chinese (中文)",
        "English",
        "Chinese (中文)",
    ]
    assert language("sw") == "the language of the dialogue (sw)"
