"""Events are brought together by time and text, never by index."""

import pytest
from tests.evaluation.proactive_fixtures import a_label, a_trace, event

from tactful.data.formats.traces import Answer, Answers
from tactful.errors import DataError
from tactful.evaluation.proactive.matching import (
    labelled_at,
    match_answers,
    match_events,
    matching_sessions,
    need_at,
    sessions_of,
)

TEXTS = [
    "opens the ledger",
    "searches for 'sum by month'",
    "reads a forum page",
    "types =SUM(",
    "sees an error",
]


def file_of(events: list, path: str = "responses/x.json") -> Answers:
    return Answers(
        path=path, answers=tuple(Answer(event=one, state="answered", said=(None,)) for one in events)
    )


def test_a_missing_event_does_not_shift_the_rest() -> None:
    ours = a_trace("a", TEXTS).events
    pairs, exact = match_events([ours[0], ours[2], ours[4]], ours)
    assert pairs == {0: 0, 1: 2, 2: 4}
    assert exact == 3


def test_a_reworded_event_is_matched_by_its_time() -> None:
    ours = a_trace("a", TEXTS).events
    theirs = [*ours[:1], event(1, "looks up something altogether else"), *ours[2:]]
    pairs, exact = match_events(theirs, ours)
    assert pairs[1] == 1
    assert exact == 4


def test_events_of_one_time_are_told_apart_by_their_text() -> None:
    ours = [event(3, "types the word budget in the sheet"), event(3, "opens a new tab in the browser")]
    theirs = [event(3, "opens a new tab in a browser"), event(3, "types the word budgets in the sheet")]
    assert match_events(theirs, ours) == ({0: 1, 1: 0}, 0)


def test_another_clock_is_bridged_by_equal_texts_in_order() -> None:
    ours = a_trace("a", TEXTS).events
    later = [event(40 + at, text) for at, text in enumerate(TEXTS)]
    assert match_events(later, ours)[0] == {at: at for at in range(5)}


def test_a_file_is_matched_by_content_whatever_its_name() -> None:
    one = a_trace("code_1", TEXTS)
    other = a_trace("code_2", [f"draws figure {at}" for at in range(5)])
    found = match_answers([file_of(list(other.events), "code_1.json")], [one, other])
    assert (found[0].trace, found[0].exact, found[0].missing, found[0].extra) == ("code_2", 5, 0, 0)


def test_a_file_whose_every_event_was_translated_finds_its_trace_by_the_times() -> None:
    others = [a_trace(name, [f"{name} {at}" for at in range(2)]) for name in ("code_1", "code_2")]
    trace = a_trace("writing_1", TEXTS)
    translated = [event(at, f"第{at}步") for at in range(5)]
    found = match_answers([file_of(translated)], [*others, trace])[0]
    assert (found.trace, found.exact, found.reworded, found.missing) == ("writing_1", 0, 5, 0)


def test_counts_say_what_was_reworded_missing_and_extra() -> None:
    trace = a_trace("a", TEXTS)
    events = [*trace.events[:3], event(3, "writes =SUM( into the cell"), event(50, "goes home for the day")]
    found = match_answers([file_of(events)], [trace])[0]
    assert (found.exact, found.reworded, found.missing, found.extra) == (3, 1, 1, 1)


def test_responses_to_other_traces_are_refused() -> None:
    strange = [event(20 + at, f"paints wall number {at} in blue") for at in range(4)]
    with pytest.raises(DataError, match="shares 0 of its 4 events"):
        match_answers([file_of(strange)], [a_trace("a", TEXTS)])


def test_two_files_of_one_trace_are_refused() -> None:
    trace = a_trace("a", TEXTS)
    with pytest.raises(DataError, match="one file of responses per trace"):
        match_answers([file_of(list(trace.events), "x.json"), file_of(list(trace.events), "y.json")], [trace])


def test_a_trace_finds_its_session_in_the_labels_and_no_other() -> None:
    trace = a_trace("a", TEXTS)
    strange = a_trace("b", [f"feeds the cat for the time number {at}" for at in range(5)])
    labels = [a_label(one, 4, None, accepted=True, need=False) for one in (trace, strange)]
    found = matching_sessions(trace, sessions_of(labels))
    assert [(match.session, match.found, match.events) for match in found] == [("opens the ledger", 5, 5)]


def test_labels_are_put_to_the_event_that_they_were_made_at() -> None:
    trace = a_trace("a", TEXTS)
    labels = [a_label(trace, at, None, accepted=False, need=True) for at in (1, 3)]
    assert sorted(labelled_at(trace, labels)) == [1, 3]


def test_need_is_the_majority_of_what_people_said_and_a_tie_is_nothing() -> None:
    trace = a_trace("a", TEXTS)

    def needs(*said: bool | None) -> bool | None:
        return need_at([a_label(trace, 0, None, accepted=True, need=one) for one in said])

    assert needs(True, True, False) is True
    assert needs(True, False) is None
    assert needs() is None
    assert needs(None) is False, "an accepted silence says that no help was wanted"
