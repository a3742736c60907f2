import json
import os
from pathlib import Path

import pytest
from tests.feedback.chats import chat, many_chats, turn, write_rows

from tactful.errors import DataError, UserError
from tactful.feedback.chats import ChatRow, Extraction, LabelledTurns, Turns, number_of, turns_of


def extract(conversation, **more):
    count = Extraction()
    found = list(turns_of(ChatRow.model_validate({"id": "d", "conversation": conversation, **more}), count))
    return found, count


def test_every_answer_is_a_turn_an_opening_or_the_last_one():
    found, count = extract(chat("hello?", "q1", "a1", "q2", "a2", first="assistant"))
    assert [(turn.id, turn.q_t, turn.a_t, turn.user_next) for turn in found] == [("d/1", "q1", "a1", "q2")]
    assert (count.answers, count.turns, count.no_query, count.no_follow_up) == (3, 1, 1, 1)
    assert found[0].dialogue_id == "d"


def test_several_messages_of_one_role_are_merged_and_system_is_passed_over():
    conversation = [
        {"role": "system", "content": "be kind"},
        *chat("one"),
        {"role": "user", "content": "two"},
        {"role": "system", "content": "in between"},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": "a"},
        {"role": "tool", "content": "{}"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "next"},
    ]
    found, count = extract(conversation)
    assert [(turn.q_t, turn.a_t, turn.user_next) for turn in found] == [("one\ntwo\nthree", "a\nb", "next")]
    assert count.answers == 1


def test_blank_user_messages_are_left_out_and_counted_and_blank_answers_are_kept():
    found, count = extract(chat("q", "", "hello?", "a", "  ", "b", "thanks"))
    assert [(turn.q_t, turn.a_t, turn.user_next) for turn in found] == [
        ("q", "", "hello?"),
        ("hello?", "a\nb", "thanks"),
    ]
    assert count.blank_user_messages == 1


@pytest.mark.parametrize(
    "conversation",
    [[], chat("q"), chat("q", "a"), chat("a", first="assistant"), chat("a", "q", first="assistant")],
)
def test_dialogues_without_a_follow_up_give_no_turn_and_are_counted(conversation):
    if not conversation:
        with pytest.raises(ValueError, match="holds no 'conversation'"):
            extract(conversation)
        return
    found, count = extract(conversation)
    assert found == []
    assert (count.dialogues, count.dialogues_without_turn) == (1, 1)
    assert count.answers == count.turns + count.no_query + count.no_follow_up


def test_other_keys_of_dialogue_and_answer_are_kept_apart_from_the_texts():
    conversation = chat("q", "a", "n")
    conversation[1] |= {"model": "inner", "t": 3.5}
    conversation[0]["mood"] = "not the answer's"
    found, _ = extract(conversation, model="outer", user=7, source="shop", lang="de")
    assert found[0].meta == {"model": "inner", "t": 3.5, "user": 7}
    assert (found[0].source, found[0].lang) == ("shop", "de")


def test_messages_may_be_called_so_hold_parts_and_dialogues_may_lack_an_id(tmp_path):
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {}},
        {"type": "text", "text": "this"},
    ]
    rows = [
        {"messages": [{"role": "user", "content": parts}, *chat(None, "n", first="assistant")]},
        {"id": 5, "messages": chat("q", "a", "你好，再来一个")},
    ]
    turns = list(Turns(write_rows(tmp_path / "log.jsonl", rows)))
    assert [turn.id for turn in turns] == ["dialogue-1/0", "5/0"]
    assert (turns[0].q_t, turns[0].a_t, turns[0].source) == ("see\nthis", "", "log")
    assert [turn.lang for turn in turns] == ["en", "zh"]


def test_rows_about_one_exchange_take_the_last_answer_alone_and_hide_the_label(tmp_path):
    rows = [
        {"id": "x-9-S4", "conversation": chat("q0", "a0", "q1", "a1"), "user_next": "n", "label7": "neutral"},
        {"id": "y", "q_t": "q", "a_t": "a", "user_next": "n", "accept": ["neutral"]},
    ]
    turns = list(Turns(write_rows(tmp_path / "l.jsonl", rows)))
    assert [(turn.id, turn.dialogue_id, turn.q_t, turn.a_t) for turn in turns] == [
        ("x-9-S4", "x-9", "q1", "a1"),
        ("y", "y", "q", "a"),
    ]
    assert [turn.index for turn in turns] == [1, 0], "the history tells the place among the exchanges"
    assert "label7" not in turns[0].model_dump_json()
    assert turns[1].meta == {}


@pytest.mark.parametrize(
    ("turn_id", "dialogue_id", "number"),
    [("x-9-S4", "x-9", 4), ("x/12", "x", 12), ("x#3", "x", 3), ("x", "x", 0), ("row/7", "x", 0)],
)
def test_the_number_of_a_turn_is_that_of_its_suffix_behind_the_dialogues_id(turn_id, dialogue_id, number):
    assert number_of(turn(turn_id, dialogue_id=dialogue_id, index=0)) == number


def test_rows_of_one_dialogue_count_as_one_wherever_they_stand(tmp_path):
    rows = [
        {"id": f"d{name}-S{at}", "q_t": "q", "a_t": "a", "user_next": "n"}
        for at in range(10)
        for name in range(2)
    ]
    turns = Turns(write_rows(tmp_path / "l.jsonl", rows))
    assert len(list(turns)) == 20
    assert turns.count.as_dict()["dialogues"] == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[]", "the row is \\[\\], expected an object"),
        ('{"id": "a"}', "holds no 'conversation'"),
        (
            '{"conversation": [{"role": "ghost", "content": "x"}]}',
            "'ghost'.* is unknown, expected user, assistant",
        ),
        ('{"conversation": [{"role": "user"}]}', "has no 'content'"),
        ('{"conversation": ["hi"]}', "a message is 'hi', expected an object"),
        ('{"conversation": [{"role": "user", "content": 7}]}', "content"),
        ('{"conversation": [], "messages": []}', "both 'conversation' and 'messages'"),
        ('{"q_t": "q", "user_next": "n"}', "'q_t' but no 'a_t'"),
        ('{"user_next": "n"}', "neither a 'conversation' nor"),
        (
            '{"conversation": [{"role": "user", "content": "q"}], "user_next": "n"}',
            "does not end with the assistant",
        ),
        ("not json", "not JSON"),
    ],
)
def test_bad_rows_name_file_line_value_and_next_move_or_are_skipped_and_counted(tmp_path, row, said):
    good = json.dumps({"id": "g", "conversation": chat("q", "a", "n")})
    file = tmp_path / "log.jsonl"
    file.write_text(f"{good}\n{row}\n{good.replace('g', 'h', 1)}\n")
    with pytest.raises(DataError, match=f"log.jsonl:2: .*{said}.*--skip-bad"):
        list(Turns(file))
    turns = Turns(file, skip_bad=True)
    assert len(list(turns)) == 2
    assert (turns.rows.bad, len(turns.rows.problems)) == (1, 1)


def test_a_second_row_of_one_id_is_refused_at_its_line_or_skipped_and_counted(tmp_path):
    rows = [{"id": name, "conversation": chat(f"q{at}", "a", "n")} for at, name in enumerate("abac")]
    rows += [{"conversation": chat("q", "a", "n")}] * 2  # without an id: each is called by its line
    file = write_rows(tmp_path / "log.jsonl", rows)
    with pytest.raises(DataError, match=r"log.jsonl:3: .*has the id 'a' of line 1.*--skip-bad"):
        list(Turns(file))
    turns = Turns(file, skip_bad=True)
    assert [turn.id for turn in turns] == ["a/0", "b/0", "c/0", "dialogue-5/0", "dialogue-6/0"]
    assert turns.rows.bad == 1


def test_missing_file_is_the_users_to_fix(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        list(Turns(tmp_path / "none.jsonl"))


def test_turns_are_read_lazily_and_again_from_the_start(tmp_path):
    turns = Turns(many_chats(tmp_path / "log.jsonl", 50))
    first = next(iter(turns))
    assert (first.id, turns.rows.read) == ("c0/0", 1)
    assert len(list(turns)) == len(list(turns)) == 150
    assert turns.count.no_follow_up == 50


def test_labelled_rows_without_label_or_query_are_counted_out(tmp_path):
    rows = [
        {
            "id": "a-S2",
            "q_t": "q",
            "a_t": "a",
            "user_next": "n",
            "label7": "neutral",
            "accept": ["pos_progress"],
        },
        {"id": "a-S4", "q_t": "q", "a_t": "a", "user_next": "n", "label7": None},
        {"id": "a-S6", "conversation": chat("hi", first="assistant"), "user_next": "n", "label7": "neutral"},
    ]
    labelled = LabelledTurns(write_rows(tmp_path / "l.jsonl", rows))
    (turn,) = labelled
    assert (turn.dialogue_id, turn.label7, turn.tolerable) == ("a", "neutral", {"neutral", "pos_progress"})
    assert (labelled.no_label, labelled.count.no_query, labelled.rows.read) == (1, 1, 3)
    rows[0]["label7"] = "applause"
    with pytest.raises(DataError, match="label7 'applause'"):
        list(LabelledTurns(write_rows(tmp_path / "l.jsonl", rows)))
    del rows[0]["user_next"]
    rows[0] |= {"label7": "neutral"}
    with pytest.raises(DataError, match=r"l\.jsonl:1: .*user_next"):
        list(LabelledTurns(write_rows(tmp_path / "l.jsonl", rows)))


DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["realhumaneval", "crosswoz_val", "multiwoz"])
def test_real_dialogues_are_all_accounted_for(name):
    file = DATA / "dialogues" / f"{name}.jsonl"
    if not file.exists():
        pytest.skip("real data is not here; set TACTFUL_TEST_DATA")
    turns = Turns(file)
    ids = [turn.id for turn in turns]
    count = turns.count
    assert len(ids) == len(set(ids)) == count.turns > 200
    assert count.dialogues == turns.rows.read
    assert count.answers == count.turns + count.no_query + count.no_follow_up


@pytest.mark.slow
def test_real_labelled_sets_are_all_accounted_for():
    file = DATA / "feedback" / "iard.jsonl"
    if not file.exists():
        pytest.skip("real data is not here; set TACTFUL_TEST_DATA")
    labelled = LabelledTurns(file)
    turns = list(labelled)
    assert labelled.rows.read == len(turns) + labelled.no_label + labelled.count.no_query == 1102
    assert labelled.rows.read - labelled.no_label == 636
    assert len({turn.dialogue_id for turn in turns}) < len(turns)
