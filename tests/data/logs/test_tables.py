"""Tables: CSV in its dialects, Parquet, and the logs that products export as tables."""

import json

import pytest
from tests.data.logs.shapes import lines

from tactful.data.logs import Columns, read_conversations
from tactful.errors import DataError


def spoken(conversation):
    return [(turn.role, turn.content) for turn in conversation.spoken]


def test_one_message_a_row_by_usual_names_in_the_order_of_time(tmp_path):
    (tmp_path / "t.csv").write_text(
        "\ufeffconversation_id,role,content,timestamp,user_id,rating\n"
        'a,assistant,"Hello,\n""you"".",2026-01-01 00:00:01,u,1\n'
        "a,user,Hi,2026-01-01 00:00:00,u,\n"
        "b,user,Yo,2026-01-02,v,\n",
        encoding="utf-8",
    )
    one, two = read_conversations(tmp_path / "t.csv", keep_users=True)
    assert spoken(one) == [("user", "Hi"), ("assistant", 'Hello,\n"you".')]
    assert (one.id, one.user, one.spoken[1].ratings[0].value) == ("a", "u", 1.0)
    assert one.begun.isoformat() == "2026-01-01T00:00:00+00:00"
    assert spoken(two) == [("user", "Yo")]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_question_and_its_answer_a_row(tmp_path, between):
    (tmp_path / "t.csv").write_text(
        between.join(["prompt", "response"]) + "\n" + between.join(["Hi", "Hello"]) + "\n"
    )
    (found,) = read_conversations(tmp_path / "t.csv")
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello")]


def test_a_column_counts_though_its_first_cell_is_empty(tmp_path):
    (tmp_path / "qa.csv").write_text("question,answer,rating\nHi,,\nYo,Hello,1\n")
    one, two = read_conversations(tmp_path / "qa.csv")
    assert spoken(one) == [("user", "Hi")]
    assert spoken(two) == [("user", "Yo"), ("assistant", "Hello")]
    assert [rating.value for rating in two.spoken[1].ratings] == [1.0]
    (tmp_path / "turns.csv").write_text(
        "conversation_id,role,content,rating\na,user,Hi,\na,assistant,Hello,0.5\n"
    )
    (found,) = read_conversations(tmp_path / "turns.csv")
    assert [rating.value for rating in found.spoken[1].ratings] == [0.5]


def test_a_row_with_too_few_cells_has_empty_ones_at_its_end(tmp_path):
    (tmp_path / "t.csv").write_text("question,answer,rating\nHi\nYo,Hello\n")
    one, two = read_conversations(tmp_path / "t.csv")
    assert spoken(one) == [("user", "Hi")]
    assert spoken(two) == [("user", "Yo"), ("assistant", "Hello")]


def test_a_column_of_parquet_counts_though_its_first_cell_is_empty(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [
        {"question": "Hi", "answer": None, "rating": None},
        {"question": "Yo", "answer": "Hello", "rating": 1.0},
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    one, two = read_conversations(tmp_path / "t.parquet")
    assert spoken(one) == [("user", "Hi")]
    assert [rating.value for rating in two.spoken[1].ratings] == [1.0]


def test_conversations_of_ours_are_read_from_parquet_with_empty_cells(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    row = {"id": "a", "format": "openai", "user": None, "turns": [{"role": "user", "content": "Hi"}]}
    parquet.write_table(pyarrow.Table.from_pylist([row]), tmp_path / "t.parquet")
    (found,) = read_conversations(tmp_path / "t.parquet")
    assert (found.id, spoken(found)) == ("a", [("user", "Hi")])


def test_cells_that_hold_json_are_opened(tmp_path):
    said = json.dumps([{"role": "user", "content": "Hi"}]).replace('"', '""')
    (tmp_path / "t.csv").write_text(f'id,messages\nx,"{said}"\n')
    (found,) = read_conversations(tmp_path / "t.csv")
    assert (found.id, spoken(found)) == ("x", [("user", "Hi")])


SAID_IN_JSON = ["[1, 2, 3]", '{"ok": true,  "n": null}', '[{"type": "bug", "id": 1}]', "[]"]


def csv_of(*rows):
    return "".join(",".join('"{}"'.format(cell.replace('"', '""')) for cell in row) + "\n" for row in rows)


@pytest.mark.parametrize("said", SAID_IN_JSON)
def test_what_was_said_in_json_stays_as_it_was_said(tmp_path, said):
    tables = {
        "turns": [("role", "content"), ("user", said), ("assistant", said)],
        "pairs": [("question", "answer"), (said, said)],
        "next": [("q_t", "a_t", "user_next"), (said, said, "Thanks")],
        "tree": [("sender", "text", "messageId", "parentMessageId"), ("User", said, "1", "0"), ("GPT", said, "2", "1")],
    }  # fmt: skip
    for name, rows in tables.items():
        (tmp_path / f"{name}.csv").write_text(csv_of(*rows))
        (found,) = read_conversations(tmp_path / f"{name}.csv")
        assert spoken(found)[:2] == [("user", said), ("assistant", said)], name


@pytest.mark.parametrize("said", SAID_IN_JSON)
def test_what_was_said_in_json_stays_as_it_was_said_in_parquet(tmp_path, said):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"question": ["Hi"], "answer": [said]}), tmp_path / "t.parquet")
    (found,) = read_conversations(tmp_path / "t.parquet")
    assert spoken(found) == [("user", "Hi"), ("assistant", said)]


def test_a_cell_with_the_parts_of_a_message_is_that_message(tmp_path):
    parts = [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "x"}}]
    (tmp_path / "t.csv").write_text(csv_of(("role", "content"), ("user", json.dumps(parts))))
    (found,) = read_conversations(tmp_path / "t.csv")
    assert spoken(found) == [("user", "Hi")]


def test_an_answer_that_is_an_object_of_a_row_is_told_as_json(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"question": "Hi", "answer": {"ok": true, "n": null}}\n')
    (found,) = read_conversations(tmp_path / "t.jsonl")
    assert spoken(found) == [("user", "Hi"), ("assistant", '{"ok":true,"n":null}')]


@pytest.mark.parametrize(
    ("user", "assistant"),
    [("Kunde", "Assistent"), ("用户", "智能客服"), ("Usuario", "Asistente"), ("Utilisateur", "assistant")],
)
def test_roles_are_known_in_the_languages_of_tables(tmp_path, user, assistant):
    (tmp_path / "t.csv").write_text(f"role,text\n{user},Hi\n{assistant},Hello\n")
    (found,) = read_conversations(tmp_path / "t.csv")
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello")]


def test_the_csv_of_librechat_is_its_tree(tmp_path):
    (tmp_path / "t.csv").write_text(
        "sender,text,isCreatedByUser,error,unfinished,messageId,parentMessageId,createdAt\n"
        "User,Hi,true,false,false,1,00000000-0000-0000-0000-000000000000,2026-01-01T00:00:00Z\n"
        "GPT,Hello,false,false,false,2,1,2026-01-01T00:00:01Z\n"
        "GPT,Hey,false,false,false,3,1,2026-01-01T00:00:02Z\n"
        "GPT,No,false,true,false,4,3,2026-01-01T00:00:03Z\n"
    )
    log = read_conversations(tmp_path / "t.csv")
    (found,) = log
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hey")]
    assert [turn.content for turn in found.branches[0].turns] == ["Hello"]
    assert log.skipped["an answer that was an error"] == 1


def test_a_table_of_librechat_that_runs_newest_first_keeps_its_talk(tmp_path):
    (tmp_path / "t.csv").write_text(
        "sender,text,isCreatedByUser,messageId,parentMessageId,createdAt\n"
        "GPT,Hey,false,3,1,2026-01-01T00:00:02Z\n"
        "GPT,Hello,false,2,1,2026-01-01T00:00:01Z\n"
        "User,Hi,true,1,00000000-0000-0000-0000-000000000000,2026-01-01T00:00:00Z\n"
    )
    (found,) = read_conversations(tmp_path / "t.csv")
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hey")]
    assert [turn.content for turn in found.branches[0].turns] == ["Hello"]


def test_rows_of_json_with_columns_are_a_table_too(tmp_path):
    rows = [
        {"session_id": "s", "sender": "human", "message": "Hi"},
        {"session_id": "s", "sender": "bot", "message": "Hello"},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (found,) = read_conversations(tmp_path / "t.jsonl")
    assert spoken(found) == [("user", "Hi"), ("assistant", "Hello")]


def test_rows_of_json_may_leave_out_columns_that_later_rows_have(tmp_path):
    (tmp_path / "t.jsonl").write_bytes(
        lines([
            {"chat_id": "s", "role": "user", "content": "Hi"},
            {"chat_id": "s", "role": "assistant", "content": "Hello", "model": "m", "rating": -1, "user_id": "u"},
            {"chat_id": "s", "role": "user", "content": "No", "timestamp": "2026-01-01"},
        ])
    )  # fmt: skip
    (found,) = read_conversations(tmp_path / "t.jsonl", keep_users=True)
    assert (found.user, found.model, found.spoken[2].at.year) == ("u", "m", 2026)
    assert [rating.value for rating in found.spoken[1].ratings] == [-1.0]


def test_a_conversation_that_the_first_row_does_not_name_keeps_the_others_apart(tmp_path):
    rows = [{"role": "user", "content": "Hi"}]
    rows += [{"role": "user", "content": text, "chat_id": text} for text in ("Yo", "Hey")]
    (tmp_path / "t.jsonl").write_bytes(lines(rows))
    assert [spoken(found) for found in read_conversations(tmp_path / "t.jsonl")] == [
        [("user", text)] for text in ("Hi", "Yo", "Hey")
    ]


def test_questions_stay_questions_where_a_later_row_has_columns_like_those_of_messages(tmp_path):
    row = {"question": "Hi", "answer": "Hello"}
    rows = [row, {**row, "text": "x"}, {"author": "user", "text": "Bye"}]
    (tmp_path / "t.jsonl").write_bytes(lines(rows))
    one, two, three = map(spoken, read_conversations(tmp_path / "t.jsonl"))
    assert (one, two, three) == ([("user", "Hi"), ("assistant", "Hello")], one, [("user", "Bye")])


def test_a_row_without_a_time_stands_behind_the_row_before_it(tmp_path):
    (tmp_path / "t.csv").write_text(
        "conversation_id,role,content,timestamp\n"
        "c,user,one,2026-01-01 10:00\nc,assistant,two,\nc,user,three,2026-01-01 10:05\n"
    )
    (found,) = read_conversations(tmp_path / "t.csv")
    assert [turn.content for turn in found.spoken] == ["one", "two", "three"]


def test_a_table_that_runs_newest_first_is_turned_round_where_times_are_equal_too(tmp_path):
    (tmp_path / "t.csv").write_text(
        "conversation_id,role,content,timestamp\n"
        "c,assistant,four,2026-01-01 10:01\nc,user,three,2026-01-01 10:01\n"
        "c,assistant,two,2026-01-01 10:00\nc,user,one,2026-01-01 10:00\n"
    )
    (found,) = read_conversations(tmp_path / "t.csv")
    assert [turn.content for turn in found.spoken] == ["one", "two", "three", "four"]


def test_the_user_is_whom_the_users_rows_name_not_whoever_spoke_last(tmp_path):
    (tmp_path / "t.csv").write_text(
        "ticket_id,sender,message,username\n1,agent,Welcome,support-bot\n1,customer,Hi,alice\n"
        "1,agent,Hello,support-bot\n2,agent,Anybody?,support-bot\n2,customer,Yes,\n"
    )
    found = read_conversations(tmp_path / "t.csv", keep_users=True)
    assert [one.user for one in found] == ["alice", "support-bot"]


def test_columns_that_are_given_go_before_any_recognition(tmp_path):
    rows = [
        {"messages": "x", "k": 1, "who": "user", "said": "Hi"},
        {"messages": "x", "k": 1, "who": "ghost", "said": "?"},
    ]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = read_conversations(tmp_path / "t.jsonl", columns=Columns(conversation="k", role="who", text="said"))
    assert list(log) == []
    assert "has the who 'ghost', expected user" in log.problems[0]
    with pytest.raises(DataError, match="has no column 'nobody'; its columns are messages, k, who, said"):
        list(read_conversations(tmp_path / "t.jsonl", columns=Columns(role="nobody"), strict=True))


def test_a_row_with_too_many_cells_is_bad_and_the_rest_is_read(tmp_path):
    (tmp_path / "t.csv").write_text("question,answer\na,b,c\nHi,Hello\n")
    log = read_conversations(tmp_path / "t.csv")
    assert len(list(log)) == 1
    assert "t.csv:2: has 3 cells, expected 2" in log.problems[0]


def test_parquet_is_read_whatever_its_name(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from datetime import UTC, datetime

    from pyarrow import parquet

    rows = [
        {
            "conversation_hash": "abc",
            "model": "m",
            "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
            "conversation": [{"role": "user", "content": "Hi", "timestamp": None}, {"role": "assistant", "content": "Hello", "timestamp": datetime(2026, 1, 1, 0, 1)}],
        }
    ]  # fmt: skip
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.data")
    (found,) = read_conversations(tmp_path / "t.data")
    assert (found.id, spoken(found)) == ("abc", [("user", "Hi"), ("assistant", "Hello")])
    assert found.spoken[1].at.isoformat() == "2026-01-01T00:01:00+00:00"
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.data").read_bytes()[:100])
    log = read_conversations(tmp_path / "cut.parquet")
    assert list(log) == []
    assert "no Parquet" in log.problems[0]


def test_columns_in_any_script_and_with_signs_are_columns(tmp_path):
    (tmp_path / "t.csv").write_text("会话,发言人 (角色),内容?\na,user,你好\n", encoding="utf-8-sig")
    (found,) = read_conversations(
        tmp_path / "t.csv", columns=Columns(conversation="会话", role="发言人 (角色)", text="内容?")
    )
    assert (found.id, spoken(found)) == ("a", [("user", "你好")])


def test_a_row_in_another_encoding_is_bad_and_the_rest_is_read(tmp_path):
    (tmp_path / "t.csv").write_bytes("question,answer\nWie spät?,fünf\nHi,Hello\n".encode("latin-1"))
    log = read_conversations(tmp_path / "t.csv")
    assert [spoken(found) for found in log] == [[("user", "Hi"), ("assistant", "Hello")]]
    assert log.problems == [
        f"{tmp_path / 't.csv'}:2: not UTF-8; write it as UTF-8, as by iconv -f LATIN1 -t UTF-8"
    ]


def test_messages_whose_conversation_is_not_named_stay_apart_from_each_other(tmp_path):
    (tmp_path / "t.csv").write_text("conversation_id,role,content\n,user,Hi\na,user,Yo\n,user,Hey\n")
    assert [spoken(found) for found in read_conversations(tmp_path / "t.csv")] == [
        [("user", text)] for text in ("Hi", "Yo", "Hey")
    ]


def test_damaged_parquet_is_named_by_its_row(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + bytes(50) + b"PAR1")
    log = read_conversations(tmp_path / "t.parquet")
    assert list(log) == []
    assert "no Parquet from here on" in log.problems[0]


def test_the_encoding_that_a_row_is_most_likely_in_is_named(tmp_path):
    (tmp_path / "t.csv").write_bytes("question,answer\n几点了？,五点。\nHi,Hello\n".encode("gb18030"))
    log = read_conversations(tmp_path / "t.csv")
    assert [spoken(found) for found in log] == [[("user", "Hi"), ("assistant", "Hello")]]
    assert log.problems == [
        f"{tmp_path / 't.csv'}:2: not UTF-8; write it as UTF-8, as by iconv -f GB18030 -t UTF-8"
    ]
