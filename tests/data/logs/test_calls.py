"""Logs of calls: what counts as the answer of one."""

import pytest
from tests.data.logs.shapes import lines

from tactful.data.logs import read_conversations

ASKED = [{"role": "user", "content": "Which kind?"}]


@pytest.mark.parametrize(
    ("out", "answers"),
    [
        ('{"category":  "billing"}', ['{"category":  "billing"}']),
        ({"category": "billing"}, ['{"category":"billing"}']),
        ({"output": {"category": "billing"}}, ['{"category":"billing"}']),
        ('[{"id": 1}, 2]', ['[{"id": 1}, 2]']),
        ({"messages": []}, []),
        ({"output": ""}, []),
        ({"error": "no connection"}, []),
        ({}, []),
    ],
)
def test_an_answer_of_a_call_may_be_any_json(tmp_path, out, answers):
    rows = [
        {"id": "o", "type": "GENERATION", "traceId": "t", "input": ASKED, "output": out},
        {"id": "r", "run_type": "llm", "inputs": {"messages": ASKED}, "outputs": out},
    ]
    if isinstance(out, str):
        rows.append({"request": {"messages": ASKED}, "response": out})
    for row in rows:
        (tmp_path / "log.jsonl").write_bytes(lines([row]))
        (found,) = read_conversations(tmp_path / "log.jsonl")
        said = [(turn.role, turn.content) for turn in found.spoken]
        assert said == [("user", "Which kind?"), *(("assistant", text) for text in answers)], row


def test_data_that_answers_nobody_is_no_answer(tmp_path):
    row = {"id": "o", "type": "GENERATION", "traceId": "t", "input": {"n": 1}, "output": {"m": 2}}
    (tmp_path / "log.jsonl").write_bytes(lines([row]))
    log = read_conversations(tmp_path / "log.jsonl")
    assert list(log) == []
    assert log.skipped["a call without text"] == 1
