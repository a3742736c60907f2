"""OpenAI messages as conversations, from files as they really come."""

import gzip
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tactful.data.logs import read_conversations
from tactful.errors import DataError, UserError

CASES = Path(__file__).parent / "cases"
PASTA = [
    ("user", "Give me a pasta recipe."),
    ("assistant", "Boil pasta, add tomato."),
    ("user", "Perfect, thank you!"),
]
SAID = [{"role": role, "content": text} for role, text in PASTA]


def spoken(conversation):
    return [(turn.role, turn.content) for turn in conversation.spoken]


def only(path, **options):
    (found,) = read_conversations(path, **options)
    return found


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("04_array_openai.json", "x"),
        ("06_wildchat.jsonl", "abc"),
        ("07_lmsys.jsonl", "c1"),
        ("17_model_role.jsonl", "dialogue-1"),
        ("22_langchain.jsonl", "x"),
        ("30_pretty.jsonl", "a"),
    ],
)
def test_the_pasta_dialogue_is_read_in_every_dress(name, id):
    found = only(CASES / name)
    assert found.id == id
    assert spoken(found) == PASTA


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_log_in_another_encoding_is_read(tmp_path, encoding):
    file = tmp_path / "log.jsonl"
    file.write_bytes((json.dumps({"id": "a", "messages": SAID}) + "\n").encode(encoding))
    assert spoken(only(file)) == PASTA


@pytest.mark.parametrize("name", ["log.jsonl", "log.gz", "log"])
def test_gzip_is_known_by_its_bytes_whatever_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(json.dumps({"id": "a", "messages": SAID}).encode()))
    assert spoken(only(tmp_path / name)) == PASTA


def test_time_model_and_language_of_wildchat_are_kept():
    found = only(CASES / "06_wildchat.jsonl")
    assert (found.model, found.lang) == ("gpt-4", "en")
    assert found.begun.isoformat() == "2023-04-09T00:02:53+00:00"


def test_a_tool_call_is_a_fact_of_its_turn_and_its_result_no_turn():
    found = only(CASES / "05_openai_tools.jsonl")
    assert [turn.role for turn in found.turns] == ["system", "user", "assistant", "assistant", "user"]
    (call,) = found.turns[2].calls
    assert (call.name, call.arguments, call.result) == ("w", "{}", "20C")


def test_what_was_thought_stands_apart():
    found = only(CASES / "14_reasoning_parts.jsonl")
    assert (found.turns[1].content, found.turns[1].thoughts) == (
        PASTA[1][1],
        "The user is clueless; I will be terse.",
    )
    for found in read_conversations(CASES / "52_think.jsonl"):
        assert found.turns[1].content == PASTA[1][1]
        assert found.turns[1].thoughts


def test_a_cut_last_line_is_counted_and_the_rest_is_read():
    log = read_conversations(CASES / "44_cut.jsonl")
    assert [found.id for found in log] == ["a"]
    assert log.bad == 1
    assert "44_cut.jsonl:2: not JSON" in log.problems[0]
    with pytest.raises(DataError, match=r"44_cut\.jsonl:2: not JSON"):
        list(read_conversations(CASES / "44_cut.jsonl", strict=True))


def test_a_blank_answer_stays_a_blank_answer():
    for found in read_conversations(CASES / "50_blank_answer.jsonl"):
        assert [turn.role for turn in found.turns] == ["user", "assistant", "user"]
        assert found.turns[1].blank


def test_an_answer_regenerated_is_a_branch_and_one_sent_twice_counts_once():
    regenerated, doubled = read_conversations(CASES / "51_regenerate.jsonl")
    assert [text for _, text in spoken(regenerated)] == [
        "Give me a pasta recipe.",
        "Cook rice.",
        "Perfect, thank you!",
    ]
    (branch,) = regenerated.branches
    assert (branch.start, [turn.content for turn in branch.turns]) == (1, ["Boil pasta, add tomato."])
    assert spoken(doubled) == PASTA
    assert not doubled.branches


def test_a_reminder_of_machinery_is_no_turn_of_the_user():
    log = read_conversations(CASES / "55_tool_result_text.jsonl")
    (found,) = log
    assert [turn.content for turn in found.turns] == [
        "Fix the test.",
        "Running it.",
        "Fixed.",
        "Perfect, thank you!",
    ]
    assert log.skipped == {"written by machinery in the user's name": 1}


def test_words_around_a_reminder_are_the_users():
    text = "Stop.<system-reminder>\nKeep\ngoing</system-reminder>"
    row = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": "Stopped."}]}
    found = only_of(row)
    assert spoken(found) == [("user", "Stop."), ("assistant", "Stopped.")]


def test_a_command_of_the_tool_leaves_the_words_that_the_user_typed_behind_it():
    text = "<command-message>review</command-message>\n<command-name>/review</command-name>\n<command-args>the tax module</command-args>"
    rules = "# AGENTS.md instructions for a folder\n\n<INSTRUCTIONS>\nBe brief.\n</INSTRUCTIONS>"
    said = [{"role": "user", "content": each} for each in (rules, text)]
    found = only_of({"messages": [*said, {"role": "assistant", "content": "Fine."}]})
    assert spoken(found) == [("user", "the tax module"), ("assistant", "Fine.")]


def only_of(row):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.jsonl"
        file.write_text(json.dumps(row))
        return only(file)


def test_a_question_put_by_a_tool_is_a_question_and_its_answer_a_turn():
    ask = {"questions": [{"question": "Which client?", "options": [{"label": "Acme"}, {"label": "Orbit"}]}]}
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "AskUserQuestion", "arguments": json.dumps(ask)},
    }
    result = 'User has answered your questions: "Which client?"="Acme". You can now continue.'
    row = {
        "messages": [
            {"role": "user", "content": "Send a reminder."},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "1", "content": result},
            {"role": "assistant", "content": "Sent."},
        ]
    }
    found = only_of(row)
    assert spoken(found) == [
        ("user", "Send a reminder."),
        ("assistant", "Which client?"),
        ("user", "Acme"),
        ("assistant", "Sent."),
    ]
    assert found.turns[1].ask.model_dump() == {
        "tool": "AskUserQuestion",
        "questions": ("Which client?",),
        "options": (("Acme", "Orbit"),),
        "answer": "Acme",
        "declined": False,
    }
    assert found.turns[2].answers == "AskUserQuestion"


def test_folders_and_archives_are_walked(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"messages": SAID}) + "\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.json.gz").write_bytes(
        gzip.compress(json.dumps([{"id": "b", "messages": SAID}]).encode())
    )
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("inner/c.json", json.dumps({"data": [{"id": "c", "messages": SAID}]}))
        archive.writestr("inner/picture.png", b"\x89PNG")
    (tmp_path / "notes.md").write_text("no log")
    log = read_conversations(tmp_path)
    assert [(found.id, found.source) for found in log] == [("a/dialogue-1", "a"), ("c", "c"), ("b", "b")]
    assert (log.files, log.bad) == (3, 0)


def test_an_empty_folder_is_the_users_to_fix(tmp_path):
    with pytest.raises(UserError, match="no logs in it"):
        list(read_conversations(tmp_path))


def test_an_unknown_file_is_named_and_the_rest_is_read(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"temperature": 3}) + "\n")
    (tmp_path / "b.jsonl").write_text(json.dumps({"messages": SAID}) + "\n")
    log = read_conversations(tmp_path)
    assert len(list(log)) == 1
    assert "a.jsonl:1: is no log that is known: holds the keys temperature" in log.problems[0]


def test_what_an_export_puts_beside_its_conversations_is_skipped_and_counted(tmp_path):
    (tmp_path / "users.json").write_text(
        '[{"uuid": "a", "full_name": "Ann", "email_address": "ann@example.org"}]'
    )
    (tmp_path / "projects.json").write_text('[{"uuid": "p", "name": "P", "docs": []}]')
    (tmp_path / "log.jsonl").write_text('{"messages": [{"role": "user", "content": "Hi"}]}')
    log = read_conversations(tmp_path, strict=True)
    assert len(list(log)) == 1
    assert log.skipped == {"a file of an export that holds no talk": 2}


def test_the_same_conversation_twice_counts_once(tmp_path):
    (tmp_path / "a.jsonl").write_text((json.dumps({"id": "x", "source": "s", "messages": SAID}) + "\n") * 2)
    log = read_conversations(tmp_path / "a.jsonl")
    assert len(list(log)) == 1
    assert log.skipped == {"a conversation that was there already": 1}


@pytest.mark.parametrize(("at", "count"), [("2026-01-01T10:00:00Z", 1), (None, 2)])
def test_an_export_that_was_saved_twice_counts_once_where_times_tell_that_it_is_one(tmp_path, at, count):
    row = {"id": "x", "messages": [{**SAID[0], "timestamp": at}, *SAID[1:]]}
    for name in ("export", "export (1)"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    log = read_conversations(tmp_path)
    assert len(list(log)) == count
    assert log.skipped["a conversation that was there already"] == 2 - count


def test_one_id_in_two_files_is_two_conversations(tmp_path):
    for name, text in (("a", "Hi"), ("b", "Yo"), ("c", "Hey")):
        (tmp_path / f"{name}.jsonl").write_text(
            json.dumps({"id": "x", "messages": [{"role": "user", "content": text}]})
        )
    assert [found.id for found in read_conversations(tmp_path)] == ["x", "b/x", "c/x"]


def test_a_log_may_be_read_by_another_thread_than_the_one_that_began(tmp_path):
    row = {
        "id": "o",
        "type": "GENERATION",
        "sessionId": "s",
        "traceId": "t",
        "input": "Hi",
        "output": "Hello",
    }
    (tmp_path / "a.jsonl").write_text(
        "".join(json.dumps({**row, "sessionId": f"s{n}"}) + "\n" for n in range(3))
    )
    found = iter(read_conversations(tmp_path / "a.jsonl"))
    first = next(found)
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(lambda: list(found)).result()
    assert [first.id, *(item.id for item in rest)] == ["s0", "s1", "s2"]


ASKED = [{"role": "user", "content": "Hi"}]
CALLED = [
    *ASKED,
    {"role": "assistant", "content": "", "tool_calls": [{"id": "k", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "k", "content": "found"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "answers"),
    [
        ({"messages": ASKED, "response": "Hello"}, ["Hello"]),
        ({"messages": ASKED, "completion": "Hello"}, ["Hello"]),
        ({"messages": ASKED, "completion": [{"role": "assistant", "content": "Hello"}]}, ["Hello"]),
        ({"messages": CALLED, "response": "Hello"}, ["", "Hello"]),
        ({"messages": ASKED, "response": ""}, []),
        ({"messages": [*ASKED, {"role": "assistant", "content": "Yo"}], "response": "Hello"}, ["Yo"]),
        ({"request": {"messages": ASKED}, "response": "Hello"}, ["Hello"]),
        ({"request": {"messages": ASKED}, "response": None}, []),
    ],
)
def test_a_response_beside_the_messages_is_the_answer_to_them(tmp_path, row, answers):
    (tmp_path / "log.jsonl").write_text(json.dumps(row) + "\n")
    found = only(tmp_path / "log.jsonl")
    assert spoken(found) == [("user", "Hi"), *(("assistant", text) for text in answers)]
