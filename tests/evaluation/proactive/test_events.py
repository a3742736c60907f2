"""A session's events come out of JSON lines and CSV alike."""

import json
from pathlib import Path

import pytest

from tactful.errors import DataError
from tactful.evaluation.proactive.events import read_events


def test_events_are_read_from_jsonl_and_from_csv_alike(tmp_path: Path) -> None:
    rows = [{"time": "Day 1, 9:00 AM", "event": "opens, reads"}, {"time": "", "event": "closes"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        'time,event\n"Day 1, 9:00 AM","opens, reads"\n,closes\n', encoding="utf-8"
    )
    assert read_events(tmp_path / "a.jsonl") == read_events(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when,event\n1,x\n", "has no column 'time'"),
        ("time,event\n1,\n", r":2: the row is"),
        ("", "no column"),
        ('time,event\n1,x\n2,"y\n', r":\d: is no CSV \(unexpected end of data"),
    ],
)
def test_an_unusable_csv_says_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_events(tmp_path / "a.csv")


def test_a_long_event_in_a_csv_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"time,event\n1,x\n2,{'y' * 200_000}\n", encoding="utf-8")
    assert [len(event.text) for event in read_events(tmp_path / "a.csv")] == [1, 200_000]
