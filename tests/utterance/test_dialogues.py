"""Which user messages are predicted, and what stands before them."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.utterance.fakes import TALK, dialogue, example

from tactful.data.formats.chats import Dialogue
from tactful.errors import DataError, UsageError
from tactful.utterance.dialogues import (
    CALLS_ONLY,
    NO_EXCHANGE,
    ONLY_REPEATS,
    Examples,
    TargetRule,
    examples_of,
    parse_targets,
    plain,
)
from tactful.utterance.types import Example, Untargeted

ALL = TargetRule("all")


def labels(turns, rule=ALL):
    found = examples_of(dialogue(turns), rule)
    return [] if isinstance(found, Untargeted) else [one.hindsight.message for one in found]


def test_every_user_message_after_a_finished_exchange_can_be_predicted():
    assert labels(TALK) == [
        "Does it have parking?",
        "Book it for 2 people, please.",
        "Find me a museum nearby.",
    ]


def test_context_is_everything_before_the_target_and_later_messages_are_hindsight():
    one = example(at=0)
    assert [message.content for message in one.context] == [content for _, content in TALK[:2]]
    assert one.hindsight.later == ("Book it for 2 people, please.", "Find me a museum nearby.")
    assert (one.id, one.dialogue_id, one.turn) == ("d1#1", "d1", 1)


@pytest.mark.parametrize("end", ["user", "assistant"])
def test_label_is_a_user_message_however_the_dialogue_ends(end):
    turns = TALK if end == "user" else TALK[:-1]
    assert labels(turns, TargetRule("last")) == [turns[-1 if end == "user" else -2][1]]


def test_messages_in_a_row_are_one_turn_of_the_user():
    turns = (
        *TALK[:2],
        ("user", "Hm."),
        ("user", "Does it have parking?"),
        ("assistant", "Yes."),
        ("assistant", "Free."),
    )
    assert labels((*turns, ("user", "Good."))) == ["Hm.\nDoes it have parking?", "Good."]


def test_system_and_tool_messages_stay_in_the_context_and_never_in_a_label():
    turns = (
        ("system", "Be brief."),
        *TALK[:2],
        ("tool", "{}"),
        ("user", "Parking?"),
        ("system", "Hurry."),
        ("user", "And tea?"),
    )
    one = example(turns)
    assert [message.role for message in one.context] == ["system", "user", "assistant", "tool"]
    assert one.hindsight.message == "Parking?\nAnd tea?"


def test_blank_messages_are_as_if_they_were_not_there():
    turns = (("user", " "), *TALK[:2], ("user", ""), ("assistant", "\n"), ("user", "Parking?"))
    one = example(turns)
    assert [message.content for message in one.context] == [content for _, content in TALK[:2]]
    assert one.hindsight.message == "Parking?"


def agent(*messages):
    said = [{"role": role, "content": text, **more} for role, text, more in messages]
    return examples_of(Dialogue.model_validate({"id": "d1", "conversation": said}), ALL)


def test_an_answer_that_only_calls_tools_ends_the_turn_of_the_user():
    calls = {"tool_calls": [{"id": "1"}]}
    found = agent(
        ("user", "Fix test_a.", {}),
        ("assistant", None, calls),
        ("tool", "Changed.", {}),
        ("assistant", "", calls),
        ("user", "Stop, use a mock.", {}),
        ("assistant", None, calls),
        ("assistant", "Done.", {}),
        ("user", "Thanks.", {}),
    )
    assert [one.hindsight.message for one in found] == ["Stop, use a mock.", "Thanks."]
    said = [(message.role, message.content) for message in found[1].context]
    # of an answer without a word one message stands for all its calls; of one with words only the words
    assert said == [
        ("user", "Fix test_a."),
        ("assistant", CALLS_ONLY),
        ("tool", "Changed."),
        ("user", "Stop, use a mock."),
        ("assistant", "Done."),
    ]


def test_answers_that_only_call_tools_tell_nothing_about_the_language():
    turn = (("user", "找酒店", {}), ("assistant", None, {"tool_calls": [{"id": "1"}]}))
    assert {one.lang for one in agent(*turn, *turn, *turn, ("user", "好的", {}))} == {"zh"}


def test_a_turn_of_two_messages_that_repeats_an_earlier_turn_is_no_target():
    again = (("user", "Hello."), ("user", "Fix my printer."))
    assert labels((*again, ("assistant", "Which one?"), *again)) == []


def test_no_exchange_and_only_repeats_are_told_apart():
    opening = examples_of(dialogue((("assistant", "Hello!"), ("user", "Hi."))), TargetRule())
    again = examples_of(
        dialogue((*TALK[:2], ("user", "I need a CHEAP place, to stay in the north"))), TargetRule()
    )
    assert isinstance(opening, Untargeted)
    assert isinstance(again, Untargeted)
    assert (opening.reason, again.reason) == (NO_EXCHANGE, ONLY_REPEATS)


def test_extra_keys_are_kept_and_content_may_be_null_or_parts():
    row = {
        "id": 7,
        "model": "m",
        "conversation": [
            {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image"}], "t": 1.5},
            {"role": "assistant", "content": "Hello.", "name": "bot"},
            {"role": "assistant", "content": None},
            {"role": "user", "content": "What now?"},
        ],
    }
    found = examples_of(Dialogue.model_validate(row), TargetRule())
    assert isinstance(found, list)
    assert json.loads(found[0].context[0].model_dump_json()) == {"role": "user", "content": "Hi", "t": 1.5}
    assert found[0].context[1].model_extra == {"name": "bot"}
    assert (found[0].id, found[0].meta) == ("7#1", {"model": "m"})


def test_source_and_language_come_from_the_record_else_from_file_name_and_script(tmp_path):
    chinese = [
        {"role": role, "content": "你好，想找酒店" + str(at)}
        for at, role in enumerate(("user", "assistant", "user"))
    ]
    file = tmp_path / "talks.jsonl"
    file.write_text(
        json.dumps({"id": "a", "conversation": chinese})
        + "\n"
        + json.dumps({"id": "b", "conversation": chinese, "source": "mine", "lang": "yue"})
    )
    first, second = Examples(file)
    assert isinstance(first, Example)
    assert isinstance(second, Example)
    assert (first.source, first.lang, second.source, second.lang) == ("talks", "zh", "mine", "yue")


def test_language_is_that_of_the_context_whatever_the_user_writes_next():
    chinese = "我想在北京找一家有游泳池和健身房的酒店"
    turns = (("user", "A hotel in Beijing?"), ("assistant", "What kind do you want?"), ("user", chinese))
    found = examples_of(dialogue((*turns, ("assistant", chinese), ("user", f"{chinese}，谢谢"))), ALL)
    assert [one.lang for one in found] == ["en", "zh"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [("all", TargetRule("all")), ("last", TargetRule("last")), ("sample:3", TargetRule("sample", 3))],
)
def test_target_rules_are_read(text, rule):
    assert parse_targets(text) == rule


@pytest.mark.parametrize("text", ["", "sample", "sample:0", "sample:-1", "sample:１", "every", "all:2"])
def test_wrong_target_rule_is_refused_with_its_value(text):
    with pytest.raises(UsageError, match="expected sample:N"):
        parse_targets(text)


def test_sample_depends_on_seed_and_dialogue_alone():
    drawn = {labels(TALK, TargetRule())[0] for _ in range(5)}
    assert len(drawn) == 1
    found = [examples_of(dialogue(), TargetRule(), seed=seed) for seed in range(30)]
    assert Counter(one[0].turn for one in found).keys() == {1, 2, 3}


BAD = {
    "not JSON": (b"{oops", "not JSON"),
    "no conversation": (b'{"id": "x"}', "no 'conversation'"),
    "both lists": (b'{"id": "x", "conversation": [], "messages": []}', "both 'conversation' and 'messages'"),
    "wrong role": (b'{"id": "x", "conversation": [{"role": "ghost", "content": "a"}]}', "'ghost'"),
    "no content": (b'{"id": "x", "conversation": [{"role": "user"}]}', "content'"),
    "content a number": (b'{"id": "x", "conversation": [{"role": "user", "content": 3}]}', "content 3"),
    "message a text": (b'{"id": "x", "conversation": ["hi"]}', "'hi'"),
    "row a list": (b"[]", "the row is []"),
    "id twice": (
        json.dumps({"id": "ok", "conversation": [{"role": "user", "content": "b"}]}).encode(),
        "the id 'ok' of line 1",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_line_is_an_error_with_file_line_and_value_and_can_be_left_out(tmp_path, name):
    line, words = BAD[name]
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"id": "ok", "conversation": []}\n' + line + b"\n")
    with pytest.raises(DataError, match=r"in\.jsonl:2: ") as caught:
        list(Examples(file))
    assert words in str(caught.value)
    lenient = Examples(file, skip_bad=True)
    assert len(list(lenient)) == 1
    assert lenient.rows.bad == 1


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(("user", "assistant", "user", "assistant", "system", "tool", "developer")),
        st.sampled_from(("", " ", "a", "A!", "b", "ok", "ＯＫ", "?", "你好", "你好。", "c d"))
        | st.text(max_size=5),
    ),
    max_size=12,
)


@pytest.mark.slow
@given(
    MESSAGES, st.sampled_from((TargetRule(), TargetRule("last"), TargetRule("all"), TargetRule("sample", 2)))
)
def test_label_is_always_a_user_message_and_never_in_the_context(turns, rule):
    made = dialogue(turns)
    found = examples_of(made, rule, seed=1)
    if isinstance(found, Untargeted):
        assert found.reason in (NO_EXCHANGE, ONLY_REPEATS)
        return
    users = [content.strip() for role, content in turns if role == "user" and content.strip()]
    for one in found:
        assert all(part in users for part in [one.hindsight.message]) or "\n" in one.hindsight.message
        roles = [message.role for message in one.context]
        assert "assistant" in roles[roles.index("user") :]
        assert plain(one.hindsight.message) not in {plain(message.content) for message in one.context}
        assert not any(message.blank for message in one.context)
    assert len({one.id for one in found}) == len(found)


@given(MESSAGES)
def test_all_holds_last_and_every_sample(turns):
    every = examples_of(dialogue(turns), TargetRule("all"))
    for rule in (TargetRule("last"), TargetRule("sample", 3)):
        found = examples_of(dialogue(turns), rule)
        if isinstance(every, Untargeted):
            assert found == every
        else:
            assert isinstance(found, list)
            assert all(one in every for one in found)
            assert found
