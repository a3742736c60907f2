"""Moments read from ProactiveBench's form and our own: times, silences spelt out, labels, and every refusal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tactful.data.io import write_jsonl
from tactful.data.moments import (
    labelled_rows,
    moment_row,
    moment_rows,
    observation_id,
    parse_moment,
    parse_time,
    plain_proposal,
)
from tactful.errors import DataError

ROW: dict[str, Any] = {
    "obs": [
        {"time": "1717377997.0", "event": "The user opens a file."},
        {"time": "Day 1, 8:10 PM", "event": "The user types."},
    ],
    "pred_task": "Offer a summary",
    "valid": True,
    "help_needed": True,
    "annotation": [True, True, False],
    "category": "Correct-Detection (CD)",
}


def write(path: Path, *rows: Any) -> Path:
    path.write_bytes(b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        (1717377997.5, datetime(2024, 6, 3, 1, 26, 37, 500000, tzinfo=UTC)),
        ("Day 1, 12:00 AM", datetime(1970, 1, 1, tzinfo=UTC)),
        ("Day 2, 1:05 AM", datetime(1970, 1, 2, 1, 5, tzinfo=UTC)),
        ("day 1, 11:59:30 p.m.", datetime(1970, 1, 1, 23, 59, 30, tzinfo=UTC)),
        ("2026-03-01T12:00:00+02:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_in_each_form(text: object, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "nan",
        "inf",
        "1e30",
        "Day 0, 1:00 AM",
        "Day 1, 13:00 PM",
        "Day 1, 1:75 AM",
        True,
        None,
        [1],
    ],
)
def test_what_is_no_time_has_none(text: object) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize("spelt", [None, "", "  ", "null", "Null", "none", " NONE "])
def test_silence_is_silence_however_it_is_spelt(spelt: str | None) -> None:
    assert plain_proposal(spelt) is None
    assert parse_moment({**ROW, "pred_task": spelt}).proposal is None


def test_a_row_without_session_belongs_to_its_first_event(tmp_path: Path) -> None:
    read = next(iter(labelled_rows(write(tmp_path / "m.jsonl", ROW))))
    assert read.moment.session == "The user opens a file."
    assert read.moment.events[1].time == "Day 1, 8:10 PM"
    assert read.label.votes == (True, True, False)
    assert read.category == "hit"


def test_moments_at_one_point_share_their_observation() -> None:
    one, other = parse_moment(ROW), parse_moment({**ROW, "pred_task": None})
    later = parse_moment({**ROW, "obs": ROW["obs"][:1]})
    assert observation_id(one) == observation_id(other) != observation_id(later)
    assert one.id != other.id


def test_what_is_written_back_reads_as_the_same(tmp_path: Path) -> None:
    history = {"shown": 3, "accepted": 1, "since_last_s": 60.0}
    rows = [
        {**ROW, "user": "ana", "history": history},
        {**ROW, "pred_task": None, "valid": False, "category": "Missed-Need (MN)"},
        {**ROW, "pred_task": None, "category": "Non-Response (NR)", "help_needed": None, "annotation": []},
        {**ROW, "pred_task": "Other", "valid": False, "category": None},
    ]
    first = list(labelled_rows(write(tmp_path / "m.jsonl", *rows)))
    write_jsonl(tmp_path / "again.jsonl", [moment_row(item) for item in first])
    assert list(labelled_rows(tmp_path / "again.jsonl")) == first
    assert [item.category for item in first] == ["hit", "missed-need", "correct-silence", "false-alarm"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"obs": []}, r"has obs \[\], expected a list with at least one event"),
        ({"obs": "typing"}, "expected a list with at least one event"),
        (
            {"obs": [{"time": "1", "event": " "}]},
            r"obs \(item 1\) is .*expected an object with text in 'event'",
        ),
        ({"obs": [{"time": [], "event": "x"}]}, r"obs \(item 1\) has time \[\], expected text or seconds"),
        ({"pred_task": 7}, "has pred_task 7, expected text, or null for silence"),
        ({"valid": "yes"}, "has valid 'yes', expected true"),
        ({"help_needed": 1}, "has help_needed 1, expected true, false or null"),
        ({"annotation": [1]}, r"has annotation \[1\], expected a list of true and false"),
        ({"category": "False-Alarm (FA)"}, "make it hit"),
        ({"session": 3.5}, "has session 3.5, expected text"),
        ({"history": {"shown": 1, "accepted": 2}}, "cannot exceed"),
        ({"mood": "good"}, "unknown key 'mood'"),
    ],
)
def test_a_broken_row_is_named_with_line_and_value(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    path = write(tmp_path / "m.jsonl", ROW, {**ROW, **change, "id": "second"})
    with pytest.raises(DataError, match=told) as error:
        list(labelled_rows(path))
    assert f"{path}:2: " in str(error.value)


@pytest.mark.parametrize("missing", ["obs", "pred_task", "valid"])
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    row = {key: value for key, value in ROW.items() if key not in {missing, "category"}}
    with pytest.raises(DataError, match=f"has no '{missing}'"):
        list(labelled_rows(write(tmp_path / "m.jsonl", row)))


def test_labels_may_be_missing_where_moments_alone_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "m.jsonl", {"obs": ROW["obs"], "pred_task": None})
    assert [moment.proposal for moment in moment_rows(path)] == [None]


def test_rows_that_are_left_out_are_counted_and_told(tmp_path: Path) -> None:
    rows = labelled_rows(write(tmp_path / "m.jsonl", ROW, b"[1, 2]", b"{torn", ROW), skip_bad=True)
    assert len(list(rows)) == 1
    assert (rows.read, rows.bad) == (4, 3)
    assert "of line 1; ids must differ" in rows.problems[2]
