"""Overlaps, pauses, short switches and sessions; the time of a log adds up."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.activity.logs import afk, bucket, export, imported, page, row, told, window

from tactful.data.activity.timeline.layout import away_times
from tactful.data.activity.timeline.sweep import crossed, strongest, union
from tactful.data.activity.types import SECOND, LogEvent


def away(start: int, end: int, gone: bool = True) -> LogEvent:
    return LogEvent("away", start, end, away=gone)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([away(0, 10), away(5, 20)], [(0, 20)]),
        ([away(0, 10), away(0, 10), away(0, 4)], [(0, 10)]),
        ([away(0, 10), away(0, 30, gone=False)], []),  # the longer one is believed
        ([away(0, 30), away(10, 20, gone=False)], [(0, 30)]),
        ([away(0, 30), away(20, 90, gone=False)], [(0, 20)]),
        ([away(0, 10), away(10, 20)], [(0, 20)]),
        ([away(5, 5)], []),
    ],
)
def test_times_away_are_joined_and_of_two_that_differ_the_longer_holds(events, expected):
    for order in (events, events[::-1]):
        assert [(start, end) for start, end, _ in away_times(order)] == expected


def test_the_window_that_began_last_is_in_front_and_the_one_behind_comes_back():
    outer, inner = LogEvent("window", 0, 100), LogEvent("window", 10, 20)
    found = strongest([outer, inner], lambda event: event.start)
    assert found == [(0, 10, outer), (10, 20, inner), (20, 100, outer)]


def test_of_windows_that_began_together_the_longest_holds():
    windows = [window(0, 5, "Code", "short"), window(0, 60, "Code", "long")]
    assert told(export(windows)) == ["The user started work in 'Code': 'long'."]


INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12)


def measure(pairs: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in union(pairs))


@pytest.mark.slow
@given(INTERVALS)
def test_stretches_stand_in_order_and_cover_what_the_intervals_cover(given_):
    events = [LogEvent("window", start, start + length) for start, length in given_]
    found = strongest(events, lambda event: event.start)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert sum(end - start for start, end, _ in found) == measure([(e.start, e.end) for e in events])
    assert all(item.start <= start <= end <= item.end for start, end, item in found)


@pytest.mark.slow
@given(INTERVALS, INTERVALS)
def test_cutting_stretches_by_others_keeps_their_time(given_, others):
    one, two = (
        strongest(
            [LogEvent("window", start, start + length) for start, length in pairs], lambda event: event.start
        )
        for pairs in (given_, others)
    )
    pieces = crossed(one, two)
    assert all(before[1] <= after[0] for before, after in pairwise(pieces))
    assert sum(end - start for start, end, _, _ in pieces) == sum(end - start for start, end, _ in one)
    assert {item for _, _, item, _ in pieces} == {item for _, _, item in one}
    assert all(other.start <= start and end <= other.end for start, end, _, other in pieces if other)
    inside = [(max(a, c), min(b, d)) for a, b, _ in one for c, d, _ in two if min(b, d) > max(a, c)]
    assert sum(end - start for start, end, _, other in pieces if other) == measure(inside)


# ---------------------------------------------------------------- pages and files


def test_a_browsers_page_explains_its_window():
    windows = [window(0, 60), window(60, 60, "firefox", "Join tables - Stack Overflow — Mozilla Firefox")]
    pages = [
        page(61, 0, "https://stackoverflow.com/questions/7/join?tab=1#a", "Join tables - Stack Overflow")
    ]
    sessions, _ = imported(export(windows, pages=pages))
    assert [event.text for event in sessions[0].events] == [
        "The user started work in 'Code': 'a.py'.",
        "The user switched to 'firefox': 'Join tables - Stack Overflow' (stackoverflow.com/questions/7/join).",
    ]
    assert sessions[0].lasted_s == (60, 60)


def test_a_page_in_the_background_explains_no_other_window():
    pages = [page(0, 60, "https://a.example/", "Docs")]
    assert told(export([window(0, 60)], pages=pages)) == ["The user started work in 'Code': 'a.py'."]


def test_a_change_of_page_in_one_window_is_an_event():
    pages = [page(0, 30, "https://a.example/1", "One page"), page(30, 30, "https://a.example/2", "Two pages")]
    assert told(export([window(0, 60, "firefox", "")], pages=pages)) == [
        "The user started work in 'firefox': 'One page' (a.example/1).",
        "In 'firefox', the user opened 'Two pages' (a.example/2).",
    ]


def test_an_editors_file_explains_its_window():
    files = [row(0, 60, file="/srv/x/deep/loader.py", project="/srv/x/tactful", language="python")]
    assert told(export([window(0, 60, "Code", "loader")], files=files)) == [
        "The user started work in 'Code': the file 'loader.py' (python, project 'tactful')."
    ]


def test_without_windows_pages_and_files_are_the_work():
    document = export(
        pages=[page(0, 60, "https://a.example/1", "One page")], files=[row(60, 60, file="b.py")]
    )
    assert told(document) == [
        "The user started work in a window: 'One page' (a.example/1).",
        "In a window, the user opened the file 'b.py'.",
    ]


def test_the_page_of_another_browser_in_the_background_is_not_told_of_the_one_in_front():
    windows = [
        window(0, 60, "chrome", "Inbox - Google Chrome"),
        window(60, 60, "firefox", "Docs — Mozilla Firefox"),
    ]
    pages = [
        page(0, 70, "https://mail.example/", "Inbox"),
        page(62, 50, "https://mail.example/", "Inbox (1)"),
    ]
    assert told(export(windows, pages=pages))[1] == "The user switched to 'firefox': 'Docs'."


def test_the_file_of_another_editor_is_not_told_of_the_one_in_front():
    windows = [window(0, 60, "Code", "x.py - a"), window(60, 60, "PyCharm", "main.py – b")]
    files = [row(0, 70, file="/a/x.py", project="/a", language="python")]
    assert told(export(windows, files=files))[1] == "The user switched to 'PyCharm': 'main.py – b'."


def test_a_page_that_is_told_of_late_explains_its_window_from_the_beginning():
    windows = [window(0, 60, "firefox", "Old"), window(60, 60, "firefox", "Docs")]
    pages = [page(0, 60, "https://a.example/old", "Old"), page(65, 0, "https://a.example/docs", "Docs")]
    assert told(export(windows, pages=pages)) == [
        "The user started work in 'firefox': 'Old' (a.example/old).",
        "In 'firefox', the user opened 'Docs' (a.example/docs).",
    ]


# ---------------------------------------------------------------- short switches, pauses, sessions


def test_short_switches_are_no_events_and_their_time_is_the_neighbours():
    windows = [window(0, 60), window(60, 1, "Slack", "x"), window(61, 0, "Finder", "y"), window(61, 59)]
    sessions, report = imported(export(windows))
    assert [event.text for event in sessions[0].events] == ["The user started work in 'Code': 'a.py'."]
    assert (sessions[0].lasted_s, report.flicker) == ((120,), 3)
    assert len(told(export(windows), flicker_s=0)) == 4


def test_a_short_stretch_at_a_beginning_belongs_to_what_follows():
    sessions, _ = imported(export([window(0, 1, "Finder", "x"), window(1, 60)]))
    assert [event.text for event in sessions[0].events] == ["The user started work in 'Code': 'a.py'."]
    assert sessions[0].lasted_s == (61,)


def test_a_long_time_away_parts_two_sessions_and_a_short_one_is_told():
    windows = [window(0, 2000)]
    sessions, report = imported(export(windows, away=[afk(100, 200), afk(1000, 600)]))
    assert [[event.text for event in session.events] for session in sessions] == [
        [
            "The user started work in 'Code': 'a.py'.",
            "The user came back after about 3 minutes away.",
            "The user went on in 'Code': 'a.py'.",
        ],
        ["The user started work in 'Code': 'a.py'."],
    ]
    assert sessions[0].lasted_s == (100, 0, 700)
    assert report.left_out["away"] == 800 * SECOND
    assert len(imported(export(windows, away=[afk(1000, 600)]), gap_s=601)[0]) == 1


@pytest.mark.parametrize("app", ["loginwindow", "LockApp.exe"])
def test_a_locked_screen_is_time_away(app):
    sessions, report = imported(export([window(0, 60), window(60, 7200, app, "Windows"), window(7260, 60)]))
    assert [session.active_s for session in sessions] == [60, 60]
    assert report.left_out["away"] == 7200 * SECOND


def test_time_that_nobody_recorded_parts_sessions_too():
    assert len(imported(export([window(0, 60), window(361, 60)]))[0]) == 2
    assert len(imported(export([window(0, 60), window(360, 60)]))[0]) == 1


def test_a_pause_before_something_hidden_is_told_with_what_follows():
    windows = [
        window(0, 100),
        window(280, 60, "firefox", "x (Private Browsing)"),
        window(340, 60, "Slack", "c"),
    ]
    assert told(export(windows))[1:] == [
        "The user came back after about 3 minutes away.",
        "The user switched to 'Slack': 'c'.",
    ]


def test_hidden_time_is_work_and_no_pause():
    windows = [window(0, 60), window(60, 600, "firefox", "x (Private Browsing)"), window(660, 60)]
    sessions, _ = imported(export(windows))
    assert [event.text for event in sessions[0].events] == [
        "The user started work in 'Code': 'a.py'.",
        "The user went on in 'Code': 'a.py'.",
    ]


def test_sessions_with_too_little_work_are_left_out_and_counted():
    sessions, report = imported(export([window(0, 59), window(1000, 61)]), least_s=60)
    assert [session.active_s for session in sessions] == [61]
    assert (report.left_out["short"], report.short) == (59 * SECOND, 1)


def test_going_back_is_told_as_that():
    windows = [window(0, 60), window(60, 60, "Slack", "Team"), window(120, 60)]
    assert told(export(windows))[2] == "The user went back to 'Code': 'a.py'."


# ---------------------------------------------------------------- sums


@st.composite
def logs(draw):
    """Windows, pages, files and times away that overlap as they like."""

    def rows(make):
        return [
            make(at, lasts)
            for at, lasts in draw(
                st.lists(
                    st.tuples(st.integers(0, 4000), st.sampled_from([0, 0.001, 1, 2.5, 40, 900])), max_size=9
                )
            )
        ]

    title = st.sampled_from(["a.py", "Docs", "Secret plan", "x (Private Browsing)", ""])
    app = st.sampled_from(["Code", "firefox", "Slack"])
    return export(
        rows(lambda at, lasts: window(at, lasts, draw(app), draw(title))),
        pages=rows(
            lambda at, lasts: page(
                at, lasts, "https://a.example/", draw(title), incognito=draw(st.booleans())
            )
        ),
        files=rows(lambda at, lasts: row(at, lasts, file=draw(title))),
        away=rows(lambda at, lasts: afk(at, lasts, draw(st.sampled_from(["afk", "not-afk"])))),
        others=[bucket("currentwindow", rows(lambda at, lasts: window(at, lasts)), id="again")],
    )


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(logs(), st.sampled_from([0, 3, 60]), st.sampled_from([0, 60]))
def test_events_are_in_order_and_no_second_is_lost_or_told_twice(document, flicker, least):
    sessions, report = imported(document, deny=["secret"], flicker_s=flicker, least_s=least)
    worked = sum(round(session.active_s * SECOND) for session in sessions)
    assert worked + sum(report.left_out.values()) == report.recorded
    front = [one for one in document["buckets"].values() if one["type"] == "currentwindow"] or [
        one for one in document["buckets"].values() if one["type"] != "afkstatus"
    ]

    assert report.recorded == measure(
        [
            (
                start := round(datetime.fromisoformat(event["timestamp"]).timestamp() * SECOND),
                start + round(event["duration"] * SECOND),
            )
            for one in front
            for event in one["events"]
        ]
    )
    for session in sessions:
        times = [event.at for event in session.events]
        assert times == sorted(times)
        assert times[0] == session.started_at
        assert times[-1] <= session.ended_at
        assert sum(session.lasted_s) == pytest.approx(session.active_s)
        gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
        assert all(lasted <= gap + 1e-6 for lasted, gap in zip(session.lasted_s, gaps, strict=False))
    for before, after in pairwise(sessions):
        assert before.ended_at <= after.started_at
