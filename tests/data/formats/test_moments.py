"""Moments in ProactiveBench's form: times, events, silence, labels, and every sentence about a bad row."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tactful.data.formats.moments import (
    CATEGORIES,
    labelled_rows,
    moment_row,
    moment_rows,
    observation_id,
    parse_event,
    parse_labelled,
    parse_moment,
    plain_proposal,
)
from tactful.data.times import parse_time
from tactful.errors import DataError
from tactful.types import ProposalHistory


def row(**changes):
    found = {
        "obs": [{"time": "1717335890.5", "event": "opens a.py"}, {"time": 1717335900, "event": "saves a.py"}],
        "pred_task": "Run the tests",
        "valid": True,
        "help_needed": True,
        "annotation": [True, True, False],
    }
    return {key: value for key, value in {**found, **changes}.items() if value is not ...}


def write(path: Path, *rows) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1717335890.889", 1717335890.889),
        (1717335890, 1717335890),
        (0, 0),
        (-86400, -86400),
        ("  12.5 ", 12.5),
        ("Day 1, 12:00 AM", 0),  # midnight is 12 AM
        ("Day 2, 1:05 AM", 86400 + 3900),
        ("day 1, 12:30 pm", 45000),  # half past noon: 12.5 h
        ("Day 3, 11:59:58 P.M.", 3 * 86400 - 2),
        ("Day  1 ,1:00  PM", 13 * 3600),
        ("1970-01-02T00:00:00Z", 86400),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01 00:01:00", 60),  # no zone: UTC
        ("1970-01-02", 86400),
        (1717335890889, 1717335890.889),  # milliseconds
        ("1717335890889", 1717335890.889),
        (1717335890889123, 1717335890.889123),  # microseconds
        ("1717335890889123456", 1717335890.889123),  # nanoseconds
        ("20240602T134450Z", 1717335890),
        ("20240602T134450", 1717335890),
        ("20240602134450", 1717335890),
        (20240602134450, 1717335890),
        ("20240602 1344", 1717335840),
        ("20240602", 1717286400),
        (20240602, 20240602),  # a bare number of this size is seconds
    ],
)
def test_times_are_read_as_aware_utc(text, seconds):
    at = parse_time(text)
    assert at is not None
    assert at.tzinfo is UTC
    assert at.timestamp() == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10:30",
        "Day 0, 1:00 AM",
        "Day 1, 13:00 PM",
        "Day 1, 0:30 AM",
        "Day 1, 1:60 AM",
        "Day 1, 1:00:60 AM",
        "Day 1, 1:00",
        "Day 999999999, 1:00 AM",
        "Day x, 1:00 AM",
        "nan",
        "inf",
        "-Infinity",
        "1e400",
        1e300,
        float("nan"),
        float("inf"),
        True,
        None,
        [],
        {},
        "0001-01-01T00:00:00+23:00",  # before the first year in UTC
        "2024-13-01",
    ],
)
def test_what_is_no_time_is_unknown(text):
    assert parse_time(text) is None


def test_an_event_keeps_its_time_as_written():
    event = parse_event({"time": "Day 2, 1:05 AM", "event": "opens a.py"}, "obs (item 1)")
    assert (event.time, event.text) == ("Day 2, 1:05 AM", "opens a.py")
    assert event.at == datetime(1970, 1, 2, 1, 5, tzinfo=UTC)
    assert parse_event({"event": "opens a.py"}, "x").at is None
    assert parse_event({"time": "later", "event": "opens a.py"}, "x").time == "later"


@pytest.mark.parametrize(
    "given", ["text", None, {}, {"event": ""}, {"event": " \n"}, {"event": 3}, {"time": 1}]
)
def test_an_event_without_text_is_refused_by_its_place(given):
    with pytest.raises(ValueError, match=r"obs \(item 4\) is .*, expected an object with text in 'event'"):
        parse_event(given, "obs (item 4)")


@pytest.mark.parametrize("time", [True, None, [1], {}])
def test_an_event_with_a_strange_time_is_refused_by_its_place(time):
    with pytest.raises(ValueError, match=r"obs \(item 4\) has time .*, expected text or seconds"):
        parse_event({"time": time, "event": "x"}, "obs (item 4)")


@pytest.mark.parametrize("spelt", [None, "", "  ", "null", "Null", " NONE ", "none"])
def test_silence_is_one_value_however_it_is_spelt(spelt):
    assert plain_proposal(spelt) is None
    assert parse_moment(row(pred_task=spelt)).proposal is None


def test_a_proposal_that_only_mentions_null_is_a_proposal():
    assert plain_proposal(" Check for null ") == "Check for null"
    assert plain_proposal("null.") == "null."


def test_a_moment_belongs_to_the_session_that_its_first_event_names():
    assert parse_moment(row()).session == "opens a.py"
    assert parse_moment(row(session="s1")).session == "s1"
    assert parse_moment(row(session=7)).session == "7"
    assert parse_moment(row(session=None)).session == "opens a.py"


def test_a_moment_without_an_id_gets_one_from_what_it_holds():
    first = parse_moment(row())
    assert first.id == parse_moment(row()).id
    assert first.id.startswith("moment-")
    for change in (
        {"pred_task": "Other"},
        {"annotation": [True, True, True]},
        {"user": "u"},
        {"session": "s"},
        {"obs": [{"event": "other"}]},
    ):
        assert parse_moment(row(**change)).id != first.id
    assert parse_moment(row(id="mine")).id == "mine"


def test_labels_do_not_reach_a_moment():
    assert parse_moment(row(valid=True)) == parse_moment(row(valid=False))
    assert parse_moment(row(valid=..., help_needed=..., annotation=...)).proposal == "Run the tests"


def test_proposals_at_one_point_share_their_observation():
    one, other = parse_moment(row()), parse_moment(row(pred_task=None))
    assert observation_id(one) == observation_id(other)
    assert observation_id(one) != observation_id(parse_moment(row(session="elsewhere")))
    later = [*row()["obs"], {"event": "more"}]
    assert observation_id(one) != observation_id(parse_moment(row(obs=later)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"obs": ...}, "moment has no 'obs'; its keys are pred_task, valid"),
        ({"pred_task": ...}, "moment has no 'pred_task'; its keys are obs, valid"),
        ({"obs": ..., "pred_task": ...}, "moment has no 'obs' and no 'pred_task'"),
        ({"acepted": 1}, "moment has the unknown key 'acepted', expected some of obs, pred_task, valid"),
        ({"obs": []}, "moment has obs [], expected a list with at least one event"),
        ({"obs": "text"}, "moment has obs 'text', expected a list with at least one event"),
        ({"obs": [{"event": "a"}, {"event": ""}]}, "obs (item 2) is"),
        ({"pred_task": 3}, "moment has pred_task 3, expected text, or null for silence"),
        ({"pred_task": ["a"]}, "expected text, or null for silence"),
        ({"session": [1]}, "moment has session [1], expected text"),
        ({"id": True}, "moment has id true, expected text"),
        ({"user": {}}, "moment has user {}, expected text"),
        ({"valid": ...}, "moment has no 'valid', expected true (accepted) or false (rejected)"),
        ({"valid": "yes"}, "moment has valid 'yes', expected true (accepted) or false (rejected)"),
        ({"valid": None}, "moment has valid null, expected true"),
        ({"help_needed": "no"}, "moment has help_needed 'no', expected true, false or null"),
        ({"annotation": [1, 0]}, "moment has annotation [1, 0], expected a list of true and false"),
        ({"annotation": True}, "moment has annotation true, expected a list of true and false"),
        (
            {"category": "False-Alarm (FA)"},
            "moment has category 'False-Alarm (FA)', but its proposal and 'valid' make it hit; correct one of them",
        ),
        ({"category": "strange"}, "make it hit; correct one of them"),
    ],
)
def test_a_bad_row_is_refused_with_the_value_and_what_was_expected(changes, sentence):
    with pytest.raises(ValueError) as told:  # noqa: PT011 - compared below, for the sentences hold brackets
        parse_labelled(row(**changes))
    assert sentence in str(told.value)


def test_a_row_that_is_no_object_is_refused():
    with pytest.raises(ValueError, match=r"moment is \[1\], expected an object with 'obs' and 'pred_task'"):
        parse_moment([1])
    with pytest.raises(ValueError, match="its keys are none"):
        parse_moment({})


def test_a_bad_history_is_refused_with_file_and_line(tmp_path):
    path = write(tmp_path / "m.jsonl", row(), row(history={"shown": 1, "accepted": -1}))
    with pytest.raises(DataError, match=r"m\.jsonl:2: .*accepted"):
        list(moment_rows(path))


@pytest.mark.parametrize("category", [*CATEGORIES, *sorted(set(CATEGORIES.values())), None])
def test_categories_are_checked_in_their_words_and_ours(category):
    ours = CATEGORIES.get(category, category) if category else "hit"
    proposal = None if ours in {"missed-need", "correct-silence"} else "Run the tests"
    accepted = ours in {"hit", "correct-silence"}
    item = parse_labelled(row(pred_task=proposal, valid=accepted, category=category))
    assert item.category == ours


@pytest.mark.parametrize("proposal", ["Run the tests", None])
@pytest.mark.parametrize("valid", [True, False])
@pytest.mark.parametrize("need", [True, False, None])
def test_a_row_that_is_written_reads_back_the_same(proposal, valid, need):
    history = {"shown": 5, "accepted": 2, "since_last_s": 60.0}
    item = parse_labelled(
        row(pred_task=proposal, valid=valid, help_needed=need, user="u", session="s", history=history)
    )
    again = parse_labelled(json.loads(json.dumps(moment_row(item))))
    assert again == item
    assert again.moment.history == ProposalHistory(shown=5, accepted=2, since_last_s=60.0)
    assert again.label.votes == (True, True, False)


def test_a_row_without_user_and_history_is_written_without_them():
    found = moment_row(parse_labelled(row(annotation=None)))
    assert "user" not in found
    assert "history" not in found
    assert found["annotation"] == []


def test_a_row_given_twice_is_refused_with_both_lines(tmp_path):
    path = write(tmp_path / "m.jsonl", row(), row(pred_task="Other"), row())
    for rows in (moment_rows, labelled_rows):
        with pytest.raises(DataError, match=r"m\.jsonl:3: moment has the id 'moment-\w+' of line 1"):
            list(rows(path))


def test_bad_rows_are_counted_and_left_out_on_request(tmp_path):
    path = write(tmp_path / "m.jsonl", row(), row(), {"obs": 1}, row(pred_task="Other", valid=...))
    found = labelled_rows(path, skip_bad=True)
    assert [item.category for item in found] == ["hit"]
    assert (found.read, found.bad) == (4, 3)
    unlabelled = moment_rows(path, skip_bad=True)
    assert len(list(unlabelled)) == 2
    assert unlabelled.bad == 2
    assert "m.jsonl:3: " in unlabelled.problems[1]


def test_how_surely_people_accept_is_kept_and_must_be_a_probability(tmp_path):
    item = parse_labelled(row(p_accepted=0.8))
    assert item.label.p_accepted == 0.8
    assert parse_labelled(json.loads(json.dumps(moment_row(item)))) == item
    assert "p_accepted" not in moment_row(parse_labelled(row()))
    path = tmp_path / "moments.jsonl"
    path.write_text(json.dumps(row(p_accepted=1.5)) + "\n")
    with pytest.raises(DataError, match=r"moments\.jsonl:1: .*p_accepted 1\.5"):
        list(labelled_rows(path))
