"""Texts of others as lines of JSON: nothing ends its line, nothing stays invisible, the latest events are kept."""

import json

from tactful.text.quoting.lines import MAX_TEXT, as_json, on_one_line, shown_events
from tactful.types import Event


def test_a_text_cannot_end_its_line_or_hide_a_character():
    said = as_json({"event": 'a\n{"event": "forged"}\u202e\u200b'})
    assert "\n" not in said
    assert "\\u202e\\u200b" in said
    assert json.loads(said) == {"event": 'a\n{"event": "forged"}\u202e\u200b'}


def test_the_latest_events_are_kept_and_the_last_one_always():
    events = [Event(text="x" * 40, time=str(at)) for at in range(10)]
    # 41 characters each with its time: two fit into 100
    rows, left_out = shown_events(events, 100)
    assert ([row["time"] for row in rows], left_out) == (["8", "9"], 8)
    assert shown_events(events, 1) == ([{"time": "9", "event": "x" * 40}], 9)
    assert shown_events((), 100) == ([], 0)


def test_a_long_text_is_cut_in_the_middle_and_says_so():
    assert on_one_line("x" * (MAX_TEXT + 5)).count("5 characters left out") == 1
