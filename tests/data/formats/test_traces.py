"""Traces and responses in ProactiveBench's form."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tactful.data.formats.traces import Answer, answer_folders, read_answers, read_splits, read_traces
from tactful.errors import DataError, UserError

DATA = (
    Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    / "proactivebench"
)


def write(path: Path, rows: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def row(minute: int, text: str, **rest: Any) -> dict[str, Any]:
    return {"observation": {"time": f"Day 1, 9:{minute:02d} AM", "event": text}, **rest}


def an_answer(tmp_path: Path, **rest: Any) -> Answer:
    path = write(tmp_path / "a.json", [row(0, "opens the ledger", **rest)])
    return read_answers(path)[0].answers[0]


def test_a_trace_holds_its_events_and_what_it_suggests(tmp_path: Path) -> None:
    rows = [
        row(
            0,
            "opens the ledger",
            agent_response={"candidate_task": ["Sum it.", "null", " "]},
            task_status=True,
        ),
        row(1, "closes it"),
    ]
    write(tmp_path / "code_1.json", rows)
    (trace,) = read_traces(tmp_path)
    assert (trace.id, [event.text for event in trace.events]) == ("code_1", ["opens the ledger", "closes it"])
    assert [point.candidates for point in trace.points] == [("Sum it.",), ()]


def test_what_was_said_is_kept_as_written_and_null_is_no_proposal(tmp_path: Path) -> None:
    found = an_answer(tmp_path, agent_response=["null", "Sum it.", None])
    assert found.said == ("null", "Sum it.", None)
    assert found.proposals == ("Sum it.",)


@pytest.mark.parametrize("nothing", [None, []])
def test_an_empty_or_null_response_is_one_silence(tmp_path: Path, nothing: Any) -> None:
    found = an_answer(tmp_path, agent_response=nothing)
    assert (found.state, found.said) == ("answered", (None,))


def test_a_missing_response_is_absent_and_no_silence(tmp_path: Path) -> None:
    assert an_answer(tmp_path).state == "absent"


def test_an_object_left_in_place_is_a_failed_call(tmp_path: Path) -> None:
    found = an_answer(tmp_path, agent_response={"candidate_task": ["Sum it."]})
    assert (found.state, found.said, found.proposals) == ("failed", ("candidate_task",), ("candidate_task",))


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ({}, "expected a list with at least one event"),
        ([], "expected a list with at least one event"),
        ([{"event": "x"}], "event 1 is .* expected an object with 'observation'"),
        ([row(0, " ")], "event 1 is .* expected an object with text in 'event'"),
        (
            [row(0, "x"), row(1, "y", agent_response={"candidate_task": "no list"})],
            "event 2 has candidate_task",
        ),
    ],
)
def test_an_unusable_trace_names_file_and_event(tmp_path: Path, rows: Any, says: str) -> None:
    write(tmp_path / "a.json", rows)
    with pytest.raises(DataError, match=rf"a\.json: .*{says}"):
        read_traces(tmp_path)


def test_a_response_that_is_no_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="event 1 has agent_response"):
        an_answer(tmp_path, agent_response=3)


def test_an_object_among_texts_is_one_proposal_as_the_published_counting_has_it(tmp_path: Path) -> None:
    answer = an_answer(tmp_path, agent_response=["Save it?", {"task": "Close it?", "at": 2}, None, 3])
    assert answer.said == ("Save it?", '{"task":"Close it?","at":2}', None, "3")
    assert answer.state == "answered"


def test_a_trace_whose_events_run_backwards_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [row(at, f"e{at}") for at in (3, 2, 1)])
    with pytest.raises(DataError, match=r"a\.json: its events do not stand in the order of their times; put"):
        read_traces(tmp_path)


def test_what_is_not_json_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[\n{"observation": ', encoding="utf-8")
    with pytest.raises(DataError, match="not JSON"):
        read_traces(tmp_path)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no trace"):
        read_traces(tmp_path)
    with pytest.raises(DataError, match="is no folder"):
        read_traces(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no response file"):
        answer_folders(tmp_path)


def test_a_folder_of_folders_is_one_assistant_each(tmp_path: Path) -> None:
    for name in ("small", "large"):
        write(tmp_path / name / "a.json", [row(0, "x")])
    assert list(answer_folders(tmp_path)) == ["large", "small"]
    assert list(answer_folders(tmp_path / "small")) == ["small"]


def test_splits_come_from_the_file_and_all_is_always_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "traces" / f"{name}.json", [row(0, "x")])
    write(
        tmp_path / "splits.json",
        {"mine": {"files": ["a.json", "not_here.json"]}, "gone": {"files": ["z.json"]}},
    )
    traces = read_traces(tmp_path)
    assert read_splits(tmp_path, traces) == {"mine": ("a",), "all": ("a", "b")}
    assert read_splits(tmp_path / "traces", traces) == {"mine": ("a",), "all": ("a", "b")}


def test_without_a_file_splits_go_by_name(tmp_path: Path) -> None:
    for name in ("code_1", "writing_1", "other_1"):
        write(tmp_path / f"{name}.json", [row(0, "x")])
    assert read_splits(tmp_path, read_traces(tmp_path)) == {
        "coding": ("code_1",),
        "writing": ("writing_1",),
        "all": ("code_1", "other_1", "writing_1"),
    }


def test_splits_of_another_form_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "traces" / "a.json", [row(0, "x")])
    write(tmp_path / "splits.json", {"mine": ["a.json"]})
    with pytest.raises(DataError, match=r"split 'mine' is .*files"):
        read_splits(tmp_path, read_traces(tmp_path))


def test_the_given_files_are_read_whole() -> None:
    if not (DATA / "traces").is_dir():
        pytest.skip(f"no real data: {DATA} lacks traces; set TACTFUL_TEST_DATA")
    assert {trace.id: len(trace.points) for trace in read_traces(DATA / "traces")} == {
        "code_11": 15,
        "code_12": 17,
        "code_13": 20,
        "writing_11": 20,
        "writing_12": 20,
        "writing_13": 20,
    }
    folders = answer_folders(DATA / "agent_responses")
    counts = {name: sum(len(file.answers) for file in read_answers(path)) for name, path in folders.items()}
    assert counts == {"gpt-4o": 108, "qwen2-7b": 108}
