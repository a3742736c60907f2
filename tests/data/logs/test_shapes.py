"""One log in every shape: the same dialogues, where the shape holds them."""

import json
import os
from pathlib import Path

import pytest
from tests.data.logs.shapes import LAST_ANSWER, SHAPES, at, lines, messages
from tests.data.logs.vintages import UNDATED, VINTAGES, table

from tactful.data.logs import read_conversations

TALKS = [
    [
        ("user", "Write a function that says whether a number is prime."),
        ("assistant", "Should I handle negative numbers?"),
        ("user", "Just write it."),
        ("assistant", "def is_prime(n):\n    return n > 1 and all(n % i for i in range(2, n))"),
        ("user", "Thanks, works."),
    ],
    [
        ("user", "帮我写一封请假邮件。"),
        ("assistant", "尊敬的领导：我明天请假一天。"),
        ("user", "太好了，谢谢"),
    ],
]
SHARED = Path(
    os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3].parent / "shared" / "data")
).parent
SIX = SHARED / "cases" / "logs" / "one_log_in_six_shapes"


def spoken(conversation):
    return [(turn.role, turn.content) for turn in conversation.spoken]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_dialogues(tmp_path, shape):
    file = tmp_path / "log.json"
    file.write_bytes(SHAPES[shape](TALKS))
    log = read_conversations(file)
    found = {item.id: item for item in log}
    assert log.bad == 0, log.problems
    talks = TALKS[:1] if shape == "codex" else TALKS
    assert list(found) == [f"c{n}" for n in range(len(talks))] or set(found) == {"c0", "c1"}
    for n, talk in enumerate(talks):
        whole = talk[:-1] if shape in LAST_ANSWER else talk
        assert spoken(found[f"c{n}"]) == whole
        assert not found[f"c{n}"].branches


@pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if shape not in ("openai", "sharegpt", "wildchat")]
)
def test_every_shape_that_has_times_gives_them(tmp_path, shape):
    file = tmp_path / "log.json"
    file.write_bytes(SHAPES[shape](TALKS))
    for item in read_conversations(file):
        n = int(item.id[1:])
        answers = [(step, turn) for step, turn in enumerate(item.spoken) if turn.role == "assistant"]
        assert [turn.at for _, turn in answers] == [at(n, step) for step, _ in answers]


@pytest.mark.parametrize("vintage", VINTAGES)
def test_every_vintage_gives_the_same_dialogues_and_times(tmp_path, vintage):
    talks = [
        talk[: len(talk) // 2 * 2] for talk in TALKS
    ]  # each ends with an answer, which logs of calls hold
    (tmp_path / "log").write_bytes(VINTAGES[vintage](talks))
    log = read_conversations(tmp_path / "log")
    found = {item.id: item for item in log}
    assert (log.bad, log.problems, set(found)) == (0, [], {"c0", "c1"})
    for n, talk in enumerate(talks):
        said = found[f"c{n}"].said
        assert [(turn.role, turn.content) for turn in said] == talk
        if vintage not in UNDATED:
            assert [turn.at for turn in said if turn.role == "assistant"] == [
                at(n, step) for step, (role, _) in enumerate(talk) if role == "assistant"
            ]


@pytest.mark.parametrize(
    "write",
    [
        lambda talk: json.dumps(messages(talk), indent=2).encode(),
        lambda talk: json.dumps(messages(talk)).encode(),
        lambda talk: lines(messages(talk)),
        lambda talk: table([["role", "content"], *talk]),
    ],
    ids=["an indented array", "an array on one line", "a line a message", "a table"],
)
def test_a_file_of_bare_messages_is_one_conversation(tmp_path, write):
    for n, talk in enumerate(TALKS):
        (tmp_path / f"c{n}.json").write_bytes(write(talk))
    found = list(read_conversations(tmp_path))
    assert [spoken(item) for item in found] == TALKS
    assert [item.source for item in found] == ["c0", "c1"]


def test_the_shared_log_gives_the_same_42_dialogues_in_each_of_its_shapes():
    if not SIX.is_dir():
        pytest.skip("no shared cases: set TACTFUL_TEST_DATA")
    wanted = [spoken(item) for item in read_conversations(SIX / "openai.jsonl")]
    assert len(wanted) == 42
    assert [spoken(item) for item in read_conversations(SIX / "sharegpt.json")] == wanted
    answered = [said[:-1] for said in wanted]
    for name in (
        "langfuse_observations.json",
        "langfuse_observations.jsonl",
        "langsmith.jsonl",
        "otel.json",
        "otel_flat.jsonl",
    ):
        log = read_conversations(SIX / name)
        assert [spoken(item) for item in log] == answered, name
        assert (log.bad, log.skipped) == (0, {}), name
    (trace,) = read_conversations(SIX / "langfuse_trace.json")
    assert spoken(trace) == wanted[0][:2]
    (session,) = read_conversations(SIX / "claude_code.jsonl")
    assert [turn for turn in spoken(session) if turn[1]] == [turn for said in wanted[:14] for turn in said]
