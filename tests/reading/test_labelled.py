"""Labelled texts of any origin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tactful.api.reader import labels
from tactful.errors import DataError, UsageError
from tactful.reading.labelled import read_labelled


def one(tmp_path: Path, row: dict[str, object]) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_a_labelled_conversation_is_read_as_every_chat_log_is(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "Book a table"}]},
        {"role": "assistant", "content": "<think>where?</think>For how many?"},
    ]
    row = {"conversation": talk, "user_next": "just do it", "label7": "neg_correction"}
    [found] = read_labelled([one(tmp_path, row)])[0].followups
    assert (found.q_t, found.a_t, found.user_next) == ("Book a table", "For how many?", "just do it")


def test_a_conversation_of_no_known_form_names_the_line(tmp_path: Path) -> None:
    row = {"conversation": [{"role": "poet", "content": "o"}], "user_next": "no", "label7": "neutral"}
    with pytest.raises(DataError, match=r"rows\.jsonl:1: .*role"):
        read_labelled([one(tmp_path, row)])


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_sets_of_clarification_are_requests_and_texts_about_one_passage_one_group(tmp_path: Path) -> None:
    passage = {"context": "Ann met Bea. She laughed.", "needs_clarification": True}
    rows = [
        {"query": "Who laughed?", "history": [["Who met?", "Ann and Bea."]], **passage},
        {"query": "Who met Bea?", **passage, "needs_clarification": False},
        {"query": "Plan a trip.", "context": "", "needs_clarification": True},
    ]
    found, problems = read_labelled([written(tmp_path / "sets.jsonl", rows)])
    assert problems == []
    first, second, third = found.requests
    assert [turn.role for turn in first.context] == ["user", "user", "assistant"]
    assert first.group == second.group != third.group
    assert [row.label for row in found.requests] == ["open", "complete", "open"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"needs_clarification": "no"}, "needs_clarification 'no', expected true or false"),
        ({"needs_clarification": 0}, "needs_clarification 0, expected true or false"),
        ({"history": [{"role": "user", "content": "Who met?"}]}, "expected pairs of texts"),
        ({"history": [{"question": "Who?", "answer": "Ann"}]}, "expected pairs of texts"),
        ({"history": [["Who?", None]]}, "expected pairs of texts"),
        ({"history": "ab"}, "in history 'ab', expected pairs of texts"),
        ({"history": 5}, "in history 5, expected pairs of texts"),
        ({"context": [{"role": "user", "content": "Ann met Bea."}]}, "expected the text of a passage"),
    ],
)
def test_a_request_of_a_set_of_clarification_is_never_guessed_at(
    wrong: dict[str, object], said: str, tmp_path: Path
) -> None:
    row = {"query": "Who laughed?", "needs_clarification": True, **wrong}
    with pytest.raises(DataError, match=rf"rows\.jsonl:1: .*{said}"):
        read_labelled([one(tmp_path, row)])


def test_turns_of_one_conversation_are_one_group(tmp_path: Path) -> None:
    turns = [{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "a film please"}]
    more = [*turns, {"role": "assistant", "content": "Jaws?"}]
    rows = [
        {"id": "a", "conversation": more, "user_next": "seen it", "label7": "neg_correction"},
        {"id": "b", "conversation": turns, "user_next": "an old one", "label7": "pos_progress"},
    ]
    found, _ = read_labelled([written(tmp_path / "chats.jsonl", rows)])
    assert len({row.group for row in found.followups}) == 1
    assert found.followups[0].a_t == "Jaws?"


def test_a_fourth_of_the_groups_is_kept_aside_whole_and_always_the_same(tmp_path: Path) -> None:
    rows = [
        {"text": f"{verb} number {n}", "label": "open", "group": f"g{n}", "missing": [{"kind": "input"}]}
        for n in range(200)
        for verb in ("open", "close")
    ]
    found, _ = read_labelled([written(tmp_path / "mine.jsonl", rows)])
    rest, aside = found.kept_aside()
    assert not {row.group for row in rest.requests} & {row.group for row in aside.requests}
    assert len(rest) + len(aside) == len(found)
    assert 0.15 < len(aside) / len(found) < 0.35
    assert found.kept_aside()[1] == aside


TURN = {"q_t": "What is 2 + 2?", "a_t": "5", "user_next": "No, that is wrong", "label7": "neg_correction"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"label7": "correction"}, "label7 'correction', expected neg_constraint_restate, "),
        ({"label7": None}, "label7 null, expected "),
        ({"accept": ["neutral", "fine"]}, "accept 'fine', expected "),
        ({"user_next": ...}, "no 'user_next'"),
        ({"q_t": ...}, "no 'q_t'"),
        ({"conversation": [{"role": "user", "content": "Hi"}]}, "without an answer of the assistant"),
    ],
)
def test_a_follow_up_that_lacks_what_its_label_is_about_is_a_bad_row(
    wrong: dict[str, object], said: str, tmp_path: Path
) -> None:
    row = {key: value for key, value in (TURN | wrong).items() if value is not ...}
    with pytest.raises(DataError, match=rf"rows\.jsonl:1: .*{said}"):
        read_labelled([one(tmp_path, row)])


def test_the_question_of_a_conversation_stands_before_its_last_answer(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "What is 2 + 2?"},
        {"role": "assistant", "content": "5"},
        {"role": "user", "content": "No"},
    ]
    row = {"conversation": talk, "user_next": "No", "label7": "neg_correction"}
    [found] = read_labelled([one(tmp_path, row)])[0].followups
    assert (found.q_t, found.a_t, found.user_next) == ("What is 2 + 2?", "5", "No")


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Book a table", "label": "open"},
        {"query": "Book a table", "needs_clarification": True},
        TURN,
    ],
)
def test_what_a_row_says_of_itself_is_kept_whatever_its_form(row: dict[str, object], tmp_path: Path) -> None:
    named = {"id": 7, "group": 12, "writer": "ann", "lang": "en", "domain": "travel"}
    found, _ = read_labelled([one(tmp_path, {**row, **named})])
    [kept] = [*found.requests, *found.followups]
    assert (kept.id, kept.group, kept.writer, kept.lang, kept.domain) == ("7", "12", "ann", "en", "travel")
    for nothing in (None, ""):
        found, _ = read_labelled([one(tmp_path, {**row, **dict.fromkeys(named, nothing)})])
        [kept] = [*found.requests, *found.followups]
        assert (kept.writer, kept.domain) == ("rows", "own")
        assert kept.group


def test_equal_requests_and_turns_of_one_dialogue_are_one_group_whatever_their_ids(tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "We are six."}]
    rows = [
        {"id": "a", "text": "Book a table", "label": "open"},
        {"id": "b", "text": "Book a table", "label": "complete"},
        {"id": "c", "text": "Book a table", "label": "complete", "context": talk},
        {**TURN, "dialogue_id": 3},
        {**TURN, "dialogue_id": 3, "user_next": "Still wrong"},
    ]
    found, _ = read_labelled([written(tmp_path / "mine.jsonl", rows)])
    first, second, third = (row.group for row in found.requests)
    assert first == second != third
    assert {row.group for row in found.followups} == {"3"}


def test_a_file_that_is_given_twice_counts_once(tmp_path: Path) -> None:
    mine = written(tmp_path / "mine.jsonl", [TURN, {"text": "Book a table", "label": "open"}])
    other = written(tmp_path / "other.jsonl", [TURN])
    found, _ = read_labelled([mine, other, tmp_path / "." / "mine.jsonl", str(mine)])
    assert (len(found.followups), len(found.requests)) == (2, 1)


def test_where_no_group_is_kept_aside_the_labels_are_said_to_be_too_few(tmp_path: Path) -> None:
    rows = [{"text": f"Book table {at}", "label": "open", "group": "a"} for at in range(9)]
    with pytest.raises(
        UsageError, match=r"mine\.jsonl: of its 1 group none is among the fourth that `reader train`"
    ):
        labels(written(tmp_path / "mine.jsonl", rows), aside=True)
