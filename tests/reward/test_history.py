"""Histories by user: counted online, kept whole, robust against clocks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tactful.errors import DataError
from tactful.reward.history import HistoryTracker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_reactions_are_counted_by_user() -> None:
    tracker = HistoryTracker()
    tracker.observe("ana", accepted=True, at=NOON)
    tracker.observe("ana", accepted=False, at=NOON + timedelta(minutes=5))
    tracker.observe("bo", accepted=True, at=NOON)
    known = tracker.history("ana", NOON + timedelta(minutes=7))
    assert (known.shown, known.accepted, known.since_last_s) == (2, 1, 120.0)
    assert tracker.users == 2


def test_a_user_never_seen_has_an_empty_history() -> None:
    known = HistoryTracker().history("new", NOON)
    assert (known.shown, known.accepted, known.since_last_s) == (0, 0, None)


def test_a_clock_that_jumps_back_gives_no_negative_time() -> None:
    tracker = HistoryTracker()
    tracker.observe("ana", accepted=True, at=NOON)
    tracker.observe("ana", accepted=True, at=NOON - timedelta(hours=1))
    assert tracker.history("ana", NOON - timedelta(minutes=1)).since_last_s == 0.0
    assert tracker.history("ana", NOON + timedelta(seconds=9)).since_last_s == 9.0


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        HistoryTracker().observe("ana", accepted=True, at=datetime(2026, 3, 1))
    tracker = HistoryTracker()
    tracker.observe("ana", accepted=True, at=NOON)
    with pytest.raises(ValueError, match="has no zone"):
        tracker.history("ana", datetime(2026, 3, 1))


def test_what_is_saved_is_read_back_and_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    tracker = HistoryTracker.load(path)
    tracker.observe("ana", accepted=True, at=NOON)
    tracker.observe("bo", accepted=False)
    tracker.save(path)
    again = HistoryTracker.load(path)
    assert again.history("ana", NOON) == tracker.history("ana", NOON)
    assert again.forget("bo")
    assert not again.forget("bo")
    assert again.history("bo").shown == 0


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    path.write_text('{"users": {"ana": {"shown": -1}}}')
    with pytest.raises(DataError, match=r"is no file of histories: users\.ana\.shown"):
        HistoryTracker.load(path)
