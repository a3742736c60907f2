"""One reader of chats: what is taken as it comes, and what every refusal says about the file."""

import gzip
import json
from pathlib import Path

import pytest

from tactful.data.check import detect_kind
from tactful.data.formats.chats import ChatMessage, ChatRows, Dialogue
from tactful.data.io import read_jsonl
from tactful.data.logs import is_log
from tactful.data.recognise import TAKEN_BY
from tactful.errors import DataError
from tactful.types import State

SAID = [
    {"role": "user", "content": "Give me a pasta recipe."},
    {"role": "assistant", "content": "Boil pasta, add tomato."},
    {"role": "user", "content": "Perfect, thank you!"},
]
SHAREGPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]


def read(path, **options):
    return list(ChatRows(path, Dialogue, **options))


def write(path: Path, *rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"id": "a", "conversation": SAID}, "a"),
        ({"id": 7, "messages": SAID}, "7"),
        ({"conversation_id": "c1", "model": "vicuna", "conversation": SAID, "turn": 2}, "c1"),
        ({"conversation_hash": "abc", "conversation": SAID, "timestamp": "2023-04-09"}, "abc"),
        ({"id": None, "messages": SAID}, "dialogue-1"),
        ({"id": "a", "conversation_id": "b", "messages": SAID}, "a"),
        ({"messages": SAID, "source": None, "lang": None}, "dialogue-1"),
    ],
)
def test_a_dialogue_is_read_by_any_of_its_names(tmp_path, row, name):
    (found,) = read(write(tmp_path / "log.jsonl", row))
    assert (found.id, found.source) == (name, "log")
    assert [message.content for message in found.conversation] == [item["content"] for item in SAID]


def test_a_message_that_only_calls_tools_may_lack_content():
    call = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function"}]}
    assert ChatMessage.model_validate(call).blank
    assert ChatMessage.model_validate({"role": "assistant", "content": None, **call}).blank
    with pytest.raises(ValueError, match="a message has no 'content'"):
        ChatMessage.model_validate({"role": "assistant", "calls": []})


def test_what_was_thought_is_no_part_of_what_was_said():
    parts = [
        {"type": "reasoning", "text": "The user is clueless."},
        {"type": "thinking", "thinking": "Be terse."},
        {"type": "text", "text": "Boil pasta."},
        {"type": "image_url", "image_url": {}},
    ]
    found = ChatMessage.model_validate({"role": "assistant", "content": parts})
    assert found.content == "Boil pasta."
    assert found.model_extra == {"thoughts": "The user is clueless.\nBe terse."}


@pytest.mark.parametrize(
    "text",
    [
        "<think>The user is clueless.</think>Boil pasta.",
        "[THINK]Hm.[/THINK]\n\nBoil pasta.",
        '<details type="reasoning" done="true">\n<summary>Thought for 3 seconds</summary>\n> hm\n</details>\nBoil pasta.',
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Boil pasta.",
    ],
)
def test_thoughts_inside_an_answer_are_kept_beside_it(text):
    found = ChatMessage.model_validate({"role": "assistant", "content": text})
    assert found.content.strip() == "Boil pasta."
    assert found.model_extra
    assert found.model_extra["thoughts"]
    again = ChatMessage.model_validate(found.model_dump())
    assert again == found


def test_a_user_who_writes_about_thinking_is_left_alone():
    text = "<think>is a tag</think> of yours, why?"
    assert ChatMessage.model_validate({"role": "user", "content": text}).content == text


OTHERS = {
    "states": (json.dumps({"id": "s", "query": "Sort."}), "of ours that holds 'states'", "calibrate rollout"),
    "judged turns": (
        json.dumps({"turn": {}, "judgement": {}}),
        "of ours that holds 'judged-turns'",
        "feedback pairs",
    ),
    "moments": (json.dumps({"obs": [], "pred_task": None}), "of ours that holds 'moments'", "reward judge"),
    "zip": (b"PK\x03\x04rest", "is no whole zip archive", "export it again"),
    "zstd": (b"(\xb5/\xfdrest", "is zstd", "zstd -dc"),
    "SQLite": (b"SQLite format 3\x00rest", "is an SQLite database", "JSON lines"),
    "PDF": (b"%PDF-1.7", "is a PDF", "one JSON object per line"),
}
READ = {
    "JSON array": json.dumps([{"id": "x", "messages": SAID}]),
    "indented array": json.dumps([{"messages": SAID}], indent=1),
    "array of ShareGPT": json.dumps([{"conversations": SAID}]),
    "indented object": json.dumps({"messages": SAID}, indent=2),
    "ShareGPT": json.dumps({"id": "a", "conversations": SAID}),
    "UTF-16": json.dumps({"messages": SAID}).encode("utf-16"),
    "UTF-16 without a mark": json.dumps({"messages": SAID}).encode("utf-16-le"),
    "gzip": gzip.compress(json.dumps({"messages": SAID}).encode()),
}


@pytest.mark.parametrize("name", READ)
def test_what_once_was_refused_is_read(tmp_path, name):
    given = READ[name]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(given if isinstance(given, bytes) else given.encode())
    (found,) = read(file)
    assert [message.content for message in found.conversation] == [item["content"] for item in SAID]


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_a_refusal_says_what_the_file_is_and_what_takes_it(tmp_path, name, skip_bad):
    given, what, move = OTHERS[name]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(given if isinstance(given, bytes) else given.encode())
    with pytest.raises(DataError) as refused:
        read(file, skip_bad=skip_bad)
    said = str(refused.value)
    assert what in said
    assert move in said
    assert "data check" not in said
    assert "> rows.jsonl" not in said, "the advice would overwrite the file that it reads"


@pytest.mark.parametrize(
    "name", [name for name in READ if name != "array of ShareGPT"]
)  # which trainers read too
def test_data_check_reads_what_every_command_that_takes_chats_reads(tmp_path, name):
    given = READ[name]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(given if isinstance(given, bytes) else given.encode())
    assert detect_kind(file) == "chats"


def test_a_list_of_chats_given_for_something_else_is_led_to_what_reads_it(tmp_path):
    file = tmp_path / "export.json"
    file.write_text(json.dumps([{"mapping": {}, "title": "x"}]))
    with pytest.raises(
        DataError, match=r"is a JSON array, .*if it is a chat log, run: tactful data import chats"
    ):
        list(read_jsonl(file, State))
    assert (is_log(file), detect_kind(file)) == (True, "chats")


def test_one_odd_row_among_good_ones_is_a_bad_row_and_no_other_file(tmp_path):
    file = write(tmp_path / "log.jsonl", {"messages": SAID}, {"conversations": SHAREGPT}, {"messages": SAID})
    rows = ChatRows(file, Dialogue, skip_bad=True)
    assert (len(list(rows)), rows.bad) == (2, 1)
    with pytest.raises(DataError, match=r"log\.jsonl:2: holds no 'conversation'"):
        read(file)


def test_dialogues_without_an_id_are_never_taken_for_one(tmp_path):
    file = write(tmp_path / "log.jsonl", {"messages": SAID}, {"messages": SAID})
    assert len(read(file, unique=True)) == 2


def test_every_command_that_a_refusal_names_exists():
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in TAKEN_BY.values():
        assert f"`tactful {command}`" in page or f"## tactful {command}" in page, command


def test_a_folder_of_logs_is_one_log_and_a_bad_row_names_its_file(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", {"id": "a", "messages": SAID})
    (folder / "b.json").write_text(json.dumps([{"id": "b", "conversations": SHAREGPT}]))
    (folder / "c.jsonl").write_text(json.dumps({"messages": SAID}) + "\n{\n")
    rows = ChatRows(folder, Dialogue, skip_bad=True)
    assert [row.id for row in rows] == ["a", "b", "c/dialogue-1"]
    assert rows.problems[0].startswith(f"{folder / 'c.jsonl'}:2: not JSON")
    with pytest.raises(DataError, match=r"c\.jsonl:2: not JSON"):
        read(folder)


def test_what_is_secret_is_cut_and_what_tools_gave_back_stands_behind_their_calls(tmp_path):
    call = {"id": "1", "type": "function", "function": {"name": "w", "arguments": "{}"}}
    row = {"id": "a", "user": "zoe", "messages": [
        {"role": "user", "content": "Weather for zoe.quill@example.org?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "20C"},
        {"role": "assistant", "content": "20 degrees."},
    ]}  # fmt: skip
    (found,) = read(write(tmp_path / "log.jsonl", row))
    assert [(message.role, message.content) for message in found.conversation] == [
        ("user", "Weather for [EMAIL]?"), ("assistant", ""), ("tool", "20C"), ("assistant", "20 degrees."),
    ]  # fmt: skip
    assert found.model_extra["user"].startswith("u-")


def test_a_log_may_keep_something_else_under_messages(tmp_path):
    steps = [{"source": "user", "message": "Hi there"}, {"source": "agent", "message": "Hello"}]
    log = {
        "schema_version": "ATIF-v1",
        "session_id": "s",
        "extra": {"messages": 2, "team": "x"},
        "steps": steps,
    }
    (found,) = read(write(tmp_path / "log.jsonl", log))
    assert [message.content for message in found.conversation] == ["Hi there", "Hello"]
    assert found.model_extra["team"] == "x"
