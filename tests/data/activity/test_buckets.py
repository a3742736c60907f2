"""What exports hold, as they really are, and rows that cannot be read."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from tests.data.activity.logs import bucket, export, imported, page, row, told, window

from tactful.data.activity.sources.buckets import is_export, read_buckets
from tactful.data.activity.sources.export import read_export

ROWS = [window(0, 100), window(100, 100, "Code", "b.py")]
WRITTEN = '{"buckets": [{"type": "currentwindow", "events": [ROWS]}]}'
SENTENCES = ["The user started work in 'Code': 'a.py'.", "In 'Code', the user opened 'b.py'."]


@pytest.mark.parametrize(
    "document",
    [
        {"buckets": {"aw-watcher-window_x": bucket("currentwindow", ROWS)}},
        {"buckets": [bucket("currentwindow", ROWS)]},
        bucket("currentwindow", ROWS),
        [bucket("currentwindow", ROWS)],
        {"buckets": {"aw-watcher-window_x": bucket(None, ROWS)}},
    ],
)
def test_buckets_are_read_as_object_as_array_alone_and_without_a_type(document):
    assert is_export(document)
    assert told(document) == SENTENCES


@pytest.mark.parametrize("document", [None, 1, "x", [], {}, [1], {"buckets": None}, {"events": []}])
def test_what_holds_no_buckets_is_none(document):
    assert not is_export(document)


def test_events_may_stand_in_any_order_and_twice():
    assert told({"buckets": [bucket("currentwindow", [*reversed(ROWS), *ROWS])]}) == SENTENCES


def test_bad_rows_are_counted_and_named_by_place_and_end_nothing():
    bad = [
        7,
        {**ROWS[0], "timestamp": None},
        {**ROWS[0], "timestamp": "zoe.quill@example.org"},
        {**ROWS[0], "timestamp": "1871-01-01T00:00:00Z"},
        {**ROWS[0], "timestamp": "9999-12-31T23:59:59-14:00"},
        {**ROWS[0], "duration": -1},
        {**ROWS[0], "duration": "zoe.quill@example.org"},
        {**ROWS[0], "duration": True},
        {**ROWS[0], "duration": 1e300},
        {**ROWS[0], "data": None},
    ]
    others = [
        bucket("afkstatus", [row(0, 5, status="maybe")]),
        {"id": "x", "type": "currentwindow", "events": 7},
        7,
        {"id": "y", "type": "currentwindow", "events": None},
        {"id": "z", "type": "os.hid.input", "events": [row(0, 1)]},
    ]
    document = {"buckets": [bucket("currentwindow", [*bad, *ROWS]), *others]}
    sessions, report = imported(document)
    assert [event.text for event in sessions[0].events] == SENTENCES
    read = report.reading
    assert (read.read, read.bad, read.other_buckets) == (13, 11, 1)
    assert sum(read.reasons.values()) == 13  # and two buckets
    assert "bucket 1 (currentwindow), event 12: is no object" in read.problems
    assert "bucket 3: has events that are no list" in read.problems
    assert "zoe" not in " ".join(read.problems)


def test_a_missing_duration_is_none():
    rows = [{"timestamp": "2025-03-03T09:00:00Z", "data": {"app": "Code", "title": "a.py"}}]
    sessions, report = imported({"buckets": [bucket("currentwindow", rows)]})
    assert (sessions[0].active_s, report.reading.bad) == (0, 0)


def test_times_without_a_zone_are_utc_or_in_the_zone_that_is_named():
    rows = [{**ROWS[0], "timestamp": "2025-03-03T09:00:00.5"}]
    document = {"buckets": [bucket("currentwindow", rows)]}
    sessions, report = imported(document)
    assert sessions[0].started_at.isoformat() == "2025-03-03T09:00:00.500000+00:00"
    assert report.reading.without_zone == 1
    sessions, _ = imported(document, zone=ZoneInfo("Asia/Shanghai"))
    assert sessions[0].started_at.isoformat() == "2025-03-03T01:00:00.500000+00:00"


def test_other_zones_become_utc():
    rows = [{**ROWS[0], "timestamp": "2025-03-03T17:00:00+08:00"}]
    sessions, report = imported({"buckets": [bucket("currentwindow", rows)]})
    assert sessions[0].started_at.isoformat() == "2025-03-03T09:00:00+00:00"
    assert report.reading.without_zone == 0


def test_a_browser_that_names_no_machine_belongs_to_the_one_that_is_known():
    pages = bucket("web.tab.current", [page(0, 100, "https://a.example/x", "Docs")], host="unknown")
    document = export([window(0, 100, "firefox", "Docs — Mozilla Firefox")], others=[pages])
    assert told(document) == ["The user started work in 'firefox': 'Docs' (a.example/x)."]


def test_windows_that_name_no_machine_are_a_machine_beside_another():
    phone = bucket("currentwindow", [row(at, 20, app="Maps") for at in (10, 150)], host="unknown")
    sessions, report = imported(export(ROWS, others=[phone]))
    assert report.machines == 2
    assert [event.text for event in sessions[0].events] == SENTENCES


def test_each_machine_has_sessions_of_its_own():
    others = [bucket("currentwindow", [window(50, 60)], host="other-box")]
    sessions, report = imported(export(ROWS, others=others))
    assert len({session.user for session in sessions}) == report.machines == len(sessions) == 2
    assert len({session.id for session in sessions}) == 2


def test_names_of_machines_are_hashed():
    (session,) = imported(export(ROWS))[0]
    assert session.user.startswith("u-")
    assert "desk" not in session.model_dump_json()


def test_texts_that_are_no_texts_are_empty():
    rows = [row(0, 60, app=None, title=["x"]), row(60, 60, app="Code", title=7)]
    sessions, report = imported({"buckets": [bucket("currentwindow", rows)]})
    assert [event.text for event in sessions[0].events] == ["The user started work in 'Code'."]
    assert report.left_out == {"blank": 60_000_000, "away": 0}


def test_a_log_of_nothing_is_read():
    assert read_buckets({"buckets": {}}).reading.read == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            '{"timestamp": "2025-03-03T09:00:00Z", "duration": NaN, "data": {"app": "x"}}',
            "a duration that is no number",
        ),
        (
            '{"timestamp": "2025-03-03T09:00:00Z", "duration": Infinity, "data": {}}',
            "a duration of over a month",
        ),
        ('{"timestamp": "2025-03-03T09:00:00Z", "duration": MANY, "data": {}}', "over a month"),
        ('{"timestamp": MANY, "duration": 1, "data": {}}', "no time that can be read"),
    ],
)
def test_numbers_out_of_the_ordinary_are_bad_rows(tmp_path, text, why):
    (tmp_path / "a.json").write_text(WRITTEN.replace("ROWS", text.replace("MANY", "1" + "0" * 400)))
    _, report = imported(read_export(tmp_path / "a.json"))
    assert why in report.reading.problems[0]


def test_half_a_character_in_a_title_and_deep_data_end_nothing(tmp_path):
    deep = '{"a":' * 300 + '"zoe.quill@example.org"' + "}" * 300
    rows = '{"timestamp": "2025-03-03T09:00:00Z", "duration": 60, "data": {"app": "Code", "title": "a\\ud83d.py", "x": DEEP}}'.replace(
        "DEEP", deep
    )
    (tmp_path / "a.json").write_text(WRITTEN.replace("ROWS", rows))
    assert told(read_export(tmp_path / "a.json"), deny=["nobody"]) == [
        "The user started work in 'Code': 'a.py'."
    ]
    assert told(read_export(tmp_path / "a.json"), deny=["zoe.quill"]) == []
