"""Decisions about suggestions: what is known when one is shown, and what is not."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tactful.data.formats.suggestions import (
    DecidedSuggestion,
    Suggestion,
    SuggestionHistory,
    own_labels,
    parse_decision,
    shown_in_order,
    suggestion_rows,
)
from tactful.errors import DataError

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
START = datetime.fromisoformat("2022-08-08T16:00:00+00:00")


def row(at=0.0, took=2.0, accepted=True, user=0, **more):
    shown = START + timedelta(seconds=at)
    found = {
        "user": user,
        "shown_time": shown.isoformat(),
        "decided_time": (shown + timedelta(seconds=took)).isoformat(),
        "accepted": accepted,
        "confidence": 0.6,
        "numTokens": 12.0,
        "documentLength": 200.0,
        "label_when_shown": "Prompt Crafting (V)",
        "hidden_state": "UserTyping",
        "task": "Editing Code",
        "edit_pct": [0.0, 0.5],
        "experience": ["3 to 5 years", "Beginner"],
    }
    return {**found, **more}


def decision(*args, **more) -> DecidedSuggestion:
    return parse_decision(row(*args, **more))


def test_a_row_falls_into_what_is_known_when_shown_and_what_is_not():
    found = decision()
    assert found.suggestion.user == "0"
    assert (found.suggestion.confidence, found.suggestion.tokens) == (0.6, 12.0)
    assert found.suggestion.activity == "typing"
    assert found.outcome.accepted
    public = set(Suggestion.model_fields) | set(SuggestionHistory.model_fields)
    assert not public & {"decided_at", "own_label", "edits", "label_when_shown", "edit_pct", "decided_time"}


def test_an_outcome_cannot_be_turned_into_text():
    outcome = decision().outcome
    with pytest.raises(TypeError, match="private"):
        str(outcome)
    with pytest.raises(TypeError, match="private"):
        f"{outcome}"
    assert "Prompt" not in repr(outcome)


def test_missing_values_are_unknown_not_zero():
    found = decision(confidence=None, numTokens=None, documentLength=None, hidden_state="UserTypingOrPaused")
    assert found.suggestion.confidence is found.suggestion.tokens is found.suggestion.document_length is None
    assert found.suggestion.activity == "unknown"


def test_history_counts_earlier_verdicts_of_the_same_user_alone():
    rows = [
        decision(0, accepted=True),
        decision(1, accepted=True, user=1),
        decision(10, accepted=False, documentLength=230.0),
        decision(20, accepted=False, documentLength=220.0),
    ]
    histories = [item.history for item in shown_in_order(rows)]
    assert histories[0] == histories[1] == SuggestionHistory()
    # shown at 20: one acceptance decided at 2, one rejection decided at 12; the last shown at 10, document 220 - 230
    assert histories[3] == SuggestionHistory(
        shown=2,
        decided=2,
        accepted=1,
        rejected_in_a_row=1,
        last_accepted=False,
        since_shown_s=10.0,
        since_decided_s=8.0,
        document_grown=-10.0,
    )


def test_a_verdict_that_has_not_fallen_yet_is_not_known():
    rows = [decision(0, took=60, accepted=True), decision(10, accepted=False), decision(61)]
    histories = [item.history for item in shown_in_order(rows)]
    assert (histories[1].shown, histories[1].decided, histories[1].last_accepted) == (1, 0, None)
    # at 61 both are known; the acceptance of 60 fell last
    assert (histories[2].decided, histories[2].last_accepted, histories[2].rejected_in_a_row) == (2, True, 0)
    assert histories[2].since_decided_s == 1.0


def test_a_verdict_that_falls_at_the_very_moment_is_not_known_either():
    histories = [item.history for item in shown_in_order([decision(0, took=5), decision(5)])]
    assert histories[1].decided == 0


def test_the_order_of_the_rows_does_not_matter():
    rows = [decision(at, accepted=at % 20 == 0) for at in range(0, 100, 10)]
    forwards = {item.suggestion.id: item for item in shown_in_order(rows)}
    backwards = {item.suggestion.id: item for item in shown_in_order(rows[::-1])}
    assert forwards == backwards


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": False},
        {"took": 3000.0},
        {"label_when_shown": "Deferring Thought For Later (D)"},
        {"edit_pct": [1.0, 1.0]},
    ],
)
def test_what_becomes_of_a_suggestion_changes_nothing_about_it_or_before_it(change):
    rows = [decision(0), decision(10), decision(20)]
    changed = [decision(0), decision(10), decision(20, **change)]
    assert shown_in_order(rows) == shown_in_order(changed)


def test_the_label_that_tells_the_verdict_counts_as_none():
    rows = [
        decision(label_when_shown="Deferring Thought For Later (D)"),
        decision(5),
        decision(9, label_when_shown=None),
    ]
    assert own_labels(rows) == ["", "Prompt Crafting (V)", ""]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"accepted": "yes"}, "has accepted 'yes', expected true or false"),
        ({"accepted": None}, "has accepted null"),
        ({"shown_time": "yesterday"}, "has shown_time 'yesterday', expected a time"),
        ({"decided_time": None}, "has decided_time null, expected a time"),
        ({"decided_time": "2022-08-08T15:00:00Z"}, "before its shown_time"),
        ({"confidence": 1.5}, "confidence 1.5 is outside"),
        ({"confidence": "high"}, "has confidence 'high', expected a number, or null"),
        ({"numTokens": -1}, "greater than or equal to 0"),
        ({"user": None}, "has user null, expected a name or a number"),
        ({"experience": "much"}, "has experience 'much', expected a list of texts"),
        ({"edit_pct": ["much"]}, "expected a list of numbers"),
        ({"confidense": 1.0}, "has the unknown key 'confidense', expected some of user, shown_time"),
    ],
)
def test_a_bad_row_is_named_with_file_line_and_value(tmp_path, change, said):
    path = tmp_path / "decisions.jsonl"
    path.write_text(json.dumps(row()) + "\n" + json.dumps(row(10, **change)) + "\n")
    with pytest.raises(DataError, match=r"decisions.jsonl:2") as caught:
        list(suggestion_rows(path))
    assert said in str(caught.value)
    rows = suggestion_rows(path, skip_bad=True)
    assert len(list(rows)) == 1
    assert rows.bad == 1


def test_rows_of_another_kind_are_told_what_they_lack(tmp_path):
    path = tmp_path / "moments.jsonl"
    path.write_text('{"obs": [], "pred_task": null}\n')
    with pytest.raises(DataError, match=r"has no 'user' and no 'shown_time'.*its keys are obs, pred_task"):
        list(suggestion_rows(path))


def test_the_same_moment_of_one_user_twice_is_a_fault(tmp_path):
    path = tmp_path / "twice.jsonl"
    path.write_text((json.dumps(row()) + "\n") * 2)
    with pytest.raises(DataError, match=r"has the id .* of line 1"):
        list(suggestion_rows(path))


def test_a_history_that_cannot_be_is_refused():
    with pytest.raises(ValidationError):
        SuggestionHistory(shown=-1)


def test_the_real_decisions_are_read_whole():
    path = DATA / "copilot_cups" / "decisions.jsonl"
    if not path.is_file():
        pytest.skip(f"no real data: {path} is missing; set TACTFUL_TEST_DATA")
    rows = list(suggestion_rows(path))
    assert len(rows) == 372
    assert len({one.suggestion.user for one in rows}) == 9
    shown = shown_in_order(rows)
    firsts = [item for item in shown if item.history.shown == 0]
    assert len(firsts) == 9
    assert all(
        item.history.decided == item.history.shown for item in shown
    )  # one is decided before the next is shown
