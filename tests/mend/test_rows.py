"""Training rows: what is surely wanted or unwanted, in whole conversations, each once; nothing else."""

from __future__ import annotations

import json

import pytest

from tactful.audit.turns import passages
from tactful.audit.types import Finding
from tactful.data.exporting.forms import FORMS
from tactful.mend.learning.files import prompt_of, write_rows
from tactful.mend.rows import rows_of
from tactful.mend.types import LoggedTalk
from tactful.types import Branch, ChatTurn, Conversation, Message, ToolCall

SPOKEN = ("user", "assistant")


def rows(*texts, findings, system="", branches=(), calls=()):
    """The rows of a conversation of these texts, user and assistant in turn, with a finding for each answer."""
    turns = [ChatTurn(role="system", content=system)] if system else []
    turns += [
        ChatTurn(role=SPOKEN[at % 2], content=text, calls=calls if at in (1,) and calls else ())
        for at, text in enumerate(texts)
    ]
    talk = Conversation(id="c", turns=tuple(turns), branches=branches)
    found = [
        (passage, Finding(conversation="c", turn=passage.turn, asked=passage.asked, **values))
        for passage, values in zip(passages(talk), findings, strict=True)
    ]
    messages = tuple(Message(role=turn.role, content=turn.content) for turn in turns)
    places = [at for at, turn in enumerate(turns) if turn.role in SPOKEN]
    pairs, answers, left_out = rows_of(talk, found, places)
    return LoggedTalk(
        id="c", user="", messages=messages, turns=(), pairs=pairs, answers=answers, left_out=left_out
    )


FINE = {"complaint": 0.02, "guess": 0.0}
BAD = {"complaint": 0.97, "guess": 0.9}
NEEDLESS = {"needless": 0.98, "reason": "just do it", "complaint": 0.9}


def said(messages):
    return [message.content for message in messages]


def test_a_needless_question_loses_to_the_answer_after_it_under_the_same_prompt():
    talk = rows(
        "Sort it.",
        "Which way?",
        "Just do it.",
        "Sorted.",
        "thanks",
        findings=[NEEDLESS, FINE],
        system="Be brief.",
    )
    [pair] = talk.pairs
    assert (pair.chosen, pair.rejected, pair.link) == ("Sorted.", "Which way?", "needless question")
    assert said(prompt_of(talk, pair)) == ["Be brief.", "Sort it."]  # "just do it" tells nothing
    assert [(one.answer, one.wanted) for one in talk.answers] == [("Which way?", False), ("Sorted.", True)]


def test_a_repair_is_learned_with_what_the_complaint_told():
    talk = rows(
        "Hello.", "Hi.", "Sort it.", "Sorted upwards.", "No, downwards.", "Sorted downwards.", "great",
        findings=[FINE, BAD, FINE],
    )  # fmt: skip
    [pair] = talk.pairs
    assert said(prompt_of(talk, pair)) == ["Hello.", "Hi.", "Sort it.\n\nNo, downwards."]
    assert (pair.chosen, pair.rejected) == ("Sorted downwards.", "Sorted upwards.")


@pytest.mark.parametrize(
    "apology",
    [
        "Sorry! Sorted downwards.",
        "I apologize for the confusion. Sorted.",
        "You're right, sorted.",
        "对不起，排好了。",
    ],
)
def test_an_answer_that_apologises_is_no_better_answer_to_a_prompt_without_complaint(apology):
    assert rows("Sort it.", "Up.", "No, downwards.", apology, "ok", findings=[BAD, FINE]).pairs == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [({"complaint": 0.7, "guess": 0.2}, FINE), (BAD, {"complaint": 0.4, "guess": 0.1}), (BAD, BAD)],
)
def test_what_the_judge_is_unsure_of_makes_no_pair(first, second):
    talk = rows("Sort it.", "Up.", "No, downwards.", "Down.", "ok", findings=[first, second])
    assert talk.pairs == ()
    assert "the judge is not sure" in talk.left_out or second == BAD


def test_a_reply_that_may_object_makes_no_wanted_answer():
    talk = rows("Sort it.", "Up.", "No complaints, but revert it?!", findings=[FINE])
    assert talk.answers == ()


def test_an_answer_that_nobody_replied_to_is_neither_wanted_nor_unwanted():
    assert rows("Sort it.", "Up.", findings=[{}]).answers == ()


def test_an_answer_that_rests_on_tools_is_left_out():
    talk = rows("Sort it.", "Up.", "thanks", findings=[FINE], calls=(ToolCall(name="run"),))
    assert talk.answers == ()
    assert talk.left_out == ("tools were called",)


def branch(text):
    return (Branch(start=1, turns=(ChatTurn(role="assistant", content=text),)),)


def test_the_answer_that_was_kept_beats_the_one_that_was_regenerated():
    talk = rows("Sort it.", "Up.", findings=[{}], branches=branch("Sideways."))
    [pair] = talk.pairs
    assert (pair.chosen, pair.rejected, pair.link) == ("Up.", "Sideways.", "regenerated")
    assert said(prompt_of(talk, pair)) == ["Sort it."]


def test_a_kept_answer_that_was_complained_of_beats_nothing():
    assert rows("Sort it.", "Up.", "No!", findings=[BAD], branches=branch("Sideways.")).pairs == ()


def test_an_edited_request_is_another_prompt_and_no_pair():
    edited = (Branch(start=0, turns=(ChatTurn(role="user", content="Sort them."),)),)
    assert rows("Sort it.", "Up.", findings=[{}], branches=edited).pairs == ()


def test_every_row_is_written_once_and_none_that_is_praised_and_blamed(tmp_path):
    liked, blamed, other = (
        rows("Sort it.", answer, reply, findings=[finding])
        for answer, reply, finding in (("Up.", "ok", FINE), ("Up.", "No!", BAD), ("Down.", "ok", FINE))
    )
    named = [one.model_copy(update={"id": str(at)}) for at, one in enumerate((liked, blamed, other, other))]
    named = [
        one.model_copy(
            update={"answers": tuple(row.model_copy(update={"id": one.id}) for row in one.answers)}
        )
        for one in named
    ]
    counts, files = write_rows(named, tmp_path, FORMS["trl"])
    assert (counts.wanted, counts.unwanted) == (1, 0)
    assert counts.left_out == {"repeated": 2, "praised here and blamed there": 1}
    assert sum(files.values()) == 1
    [path] = (tmp_path / "kto").iterdir()
    row = json.loads(path.read_text())
    assert row["completion"][0]["content"] == "Down."
    assert row["label"] is True


@pytest.mark.parametrize(("users", "count"), [(("ann",), 40), (("bob",), 40), (("", ""), 2), (("ann",), 2)])
def test_with_few_users_no_conversation_stands_in_both_parts_and_none_is_empty(users, count, tmp_path):
    talks = []
    for at in range(count):
        talk = rows(f"Sort {at}.", "Up.", "ok", "Down.", "ok", findings=[FINE, FINE])
        mine = [one.model_copy(update={"id": f"{at}-{one.end}"}) for one in talk.answers]
        changes = {"id": f"c{at}", "user": users[at % len(users)], "answers": tuple(mine)}
        talks.append(talk.model_copy(update=changes))
    _, files = write_rows(talks, tmp_path, FORMS["trl"])
    assert files["kto/train.jsonl"] + files["kto/valid.jsonl"] == 2 * count
    assert files["kto/train.jsonl"] >= files["kto/valid.jsonl"] > 0
    train, valid = (
        {
            json.loads(line)["prompt"][0]["content"]
            for line in (tmp_path / "kto" / name).read_text().splitlines()
        }
        for name in ("train.jsonl", "valid.jsonl")
    )
    assert not train & valid


@pytest.mark.parametrize("form", FORMS)
def test_pairs_are_written_in_every_trainers_form(form, tmp_path):
    talk = rows("Sort it.", "Which way?", "Just do it.", "Sorted.", "thanks", findings=[NEEDLESS, FINE])
    counts, files = write_rows([talk], tmp_path, FORMS[form])
    assert counts.pairs == {"needless question": 1}
    assert [name for name in files if name.startswith("dpo/")]
