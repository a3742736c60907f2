"""Episodes as traces, and real traces written again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.gym.made import day, episode, step

from tactful.data.formats.traces import read_splits, read_traces, write_traces
from tactful.data.io import write_jsonl
from tactful.errors import DataError, UserError
from tactful.gym.traces import export_traces, trace_of

REAL = (
    Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
    / "proactivebench"
    / "traces"
)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ProactiveBench's traces")
def test_real_traces_are_written_byte_for_byte_as_they_were(tmp_path):
    count = write_traces(read_traces(REAL), tmp_path)
    files = sorted(REAL.glob("*.json"))
    assert count == len(files) == 6
    assert all((tmp_path / file.name).read_bytes() == file.read_bytes() for file in files)


def test_a_trace_keeps_keys_that_nobody_documents_and_times_that_are_numbers(tmp_path):
    text = '[\n    {\n        "observation": {\n            "time": 5,\n            "event": "x",\n            "app": "é"\n        },\n        "agent_response": null,\n        "task_status": false\n    }\n]'
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    write_traces(read_traces(tmp_path), tmp_path / "again")
    assert (tmp_path / "again" / "a.json").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("times", ["epoch", "text"])
def test_an_episode_reads_back_with_its_events_and_the_offers_that_were_shown(tmp_path, times):
    held = episode(
        "held",
        step(0, 0, offer="Held back.", shown=False),
        step(1, 1, offer="Shown.", verdict="ignored"),
        setting="writing",
    )
    write_jsonl(tmp_path / "e.jsonl", [day("a"), held])
    done = export_traces(tmp_path / "e.jsonl", tmp_path / "out", times)
    assert (done.traces, done.events, done.offers) == (2, 12, 4)
    first, second = read_traces(tmp_path / "out")
    assert [event.text for event in first.events] == [event.text for event in day("a").events]
    assert [point.candidates for point in second.points] == [(), ("Shown.",)]
    assert [point.candidates for point in first.points][:3] == [(), ("Fix the error.",), ()]
    assert read_splits(tmp_path / "out", [first, second])["writing"] == (second.id,)
    gaps = [event.at - first.events[0].at for event in first.events]
    assert gaps == [event.at - day("a").events[0].at for event in day("a").events]


def test_an_episode_that_ended_before_anything_was_seen_is_no_trace_and_counted(tmp_path):
    write_jsonl(tmp_path / "e.jsonl", [day("a"), episode("gone", step(0), end="left"), episode("none")])
    done = export_traces(tmp_path / "e.jsonl", tmp_path / "out")
    assert (done.traces, done.empty) == (1, 2)
    assert [trace.id for trace in read_traces(tmp_path / "out")] == ["a/p0".replace("/", "_")]
    write_jsonl(tmp_path / "gone.jsonl", [episode("gone", step(0), end="left")])
    with pytest.raises(DataError, match=r"gone\.jsonl: holds no episode with events"):
        export_traces(tmp_path / "gone.jsonl", tmp_path / "other")


def test_times_as_text_count_days_from_the_episodes_first():
    told = episode("night", step(0, 3600 * 14 + 5), step(1, 3600 * 16))
    assert [event.time for event in trace_of(told, "text").events] == [
        "Day 1, 11:00:05 PM",
        "Day 2, 1:00:00 AM",
    ]


def test_two_traces_of_one_name_are_refused_before_one_is_lost(tmp_path):
    with pytest.raises(UserError, match=r"two traces would be called 'a_p0.json'; give each its own id"):
        write_traces([trace_of(day("a")), trace_of(day("a"))], tmp_path)
