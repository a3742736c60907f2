"""Events stand oldest first, or are put so, or are refused; nothing about time is passed over in silence."""

import json
import logging
import random
from datetime import UTC, datetime

import pytest

from tactful.data.formats.moments import labelled_rows, moment_rows, parse_event
from tactful.data.times import is_mixed_up, oldest_first, parse_time
from tactful.errors import DataError

TIMES = [1_700_000_000 + 60 * at for at in range(12)]


def events(times):
    return [parse_event({"time": time, "event": f"at {time}"}, "it") for time in times]


def moment(times, **more):
    return {"obs": [{"time": time, "event": f"at {time}"} for time in times], "pred_task": "Help?", **more}


@pytest.mark.parametrize(
    "times",
    [
        TIMES,
        [TIMES[0]] * 3,
        [*TIMES[:5], TIMES[3], *TIMES[5:]],  # a clock that jumped back once
        [TIMES[0]],
        ["", "", ""],
        ["", TIMES[0], "", TIMES[1]],
    ],
)
def test_events_in_order_and_a_clock_that_jumps_stay_as_they_are(times):
    assert list(oldest_first(events(times))) == events(times)


@pytest.mark.parametrize("seed", range(5))
def test_events_newest_first_or_shuffled_are_sorted(seed):
    assert list(oldest_first(events(TIMES[::-1]))) == events(TIMES)
    mixed = TIMES.copy()
    random.Random(seed).shuffle(mixed)
    assert list(oldest_first(events(mixed))) == events(TIMES)


def test_two_events_of_one_time_in_a_file_that_runs_backwards_are_turned_round_too():
    given = [
        parse_event({"time": time, "event": text}, "it")
        for time, text in ((3, "last"), (2, "c"), (2, "b"), (1, "first"))
    ]
    assert [event.text for event in oldest_first(given)] == ["first", "b", "c", "last"]


def test_mixed_up_events_that_cannot_be_sorted_are_refused():
    given = events([TIMES[2], "this morning", TIMES[1], TIMES[0]])
    assert is_mixed_up(given)
    with pytest.raises(ValueError, match=r"not in order of time, and one has the time 'this morning'"):
        oldest_first(given)


def test_sorting_and_unreadable_times_are_noted_once_for_a_file(tmp_path, caplog):
    file = tmp_path / "m.jsonl"
    rows = [moment(TIMES[::-1], id="a"), moment(TIMES[:3][::-1], id="b"), moment(["soon"], id="c")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with caplog.at_level(logging.WARNING):
        found = moment_rows(file)
        assert [item.events[0].time for item in found] == [str(TIMES[0]), str(TIMES[0]), "soon"]
        list(moment_rows(file))
    assert found.notes.total() == 3
    assert len(caplog.messages) == 2
    assert "m.jsonl, row 1: the events did not stand oldest first; they were sorted" in caplog.messages[0]
    assert "row 3: an event has a time that cannot be read" in caplog.messages[1]


def test_data_check_names_a_time_that_cannot_be_read(tmp_path):
    file = tmp_path / "m.jsonl"
    file.write_text(json.dumps(moment([TIMES[0], "yesterday"], valid=True)) + "\n")
    for reader in (moment_rows, labelled_rows):
        with pytest.raises(
            DataError, match=r"m\.jsonl:1: moment has the time 'yesterday', which cannot be read; wr"
        ):
            list(reader(file, strict=True))


@pytest.mark.parametrize(
    "told",
    [
        {"$date": "2026-10-01T09:00:00Z"},
        {"$date": {"$numberLong": "1790845200000"}},
        "01.10.2026 09:00:00",
        "01.10.2026 09:00",
    ],
)
def test_dates_of_databases_and_dates_with_points_are_read(told):
    assert parse_time(told) == datetime(2026, 10, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize("told", [{}, {"$date": None}, "31.31.2026", "10.01.20261"])
def test_what_is_no_date_is_none(told):
    assert parse_time(told) is None


@pytest.mark.parametrize(
    "told", ["2026-10-01 09:00:00 UTC", "2026/10/01 09:00", "2026-10-01t09:00:00z", "2026-10-01 09:00 GMT"]
)
def test_dates_with_strokes_and_with_the_word_utc_are_read(told):
    assert parse_time(told) == datetime(2026, 10, 1, 9, tzinfo=UTC)
