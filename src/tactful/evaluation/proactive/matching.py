"""Which event is which: responses, traces and reward data are brought together by time and text, never by index.

Files of one recording differ: events are missing in one, reworded or translated in another, and one time may stand at
several events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tactful.data.formats.traces import Answers, Trace
from tactful.errors import DataError
from tactful.text import similarity
from tactful.types import Event, LabelledMoment, Record

ALIKE = 0.8
"""Texts of different times are one event, reworded, from this similarity on."""
SAME_TIME_ALIKE = 0.3
"""Texts of one time, where several events share it."""
REWORDED = 0.7
"""Texts of one time in two recordings are one event, reworded, from this similarity on."""
TOUCHED = 0.2
"""A session of the reward data that holds this share of a trace's events is taken for the same recording."""


class FileMatch(Record):
    """How the responses of one file were matched to their trace."""

    path: str
    trace: str
    pairs: tuple[tuple[int, int], ...]
    """(position in the file, position in the trace), by position in the file."""
    exact: int
    reworded: int
    """Matched by time, or by text alone, with another wording or time."""
    missing: int
    """Events of the trace without a response."""
    extra: int
    """Responses to events that the trace does not have."""


class SessionMatch(Record):
    """A session of the reward data that holds events of a trace."""

    session: str
    found: int
    """Events of the trace that it holds."""
    events: int
    """Events of the trace."""


def same_time(one: Event, other: Event) -> bool:
    """Equal times, where both are given; compared as times where both can be read."""
    if one.at is not None and other.at is not None:
        return one.at == other.at
    return bool(one.time) and one.time == other.time


def match_events(left: Sequence[Event], right: Sequence[Event]) -> tuple[dict[int, int], int]:
    """(position in `left` → position in `right`, how many of these are equal in time and text).

    One to one, in three passes: equal time and text; equal time, the most alike first (a time that only one event on
    each side still bears needs no likeness); texts alike from ALIKE on, the most alike and nearest first.
    """
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, event in enumerate(right):
        waiting[_key(event)].append(at)
    for at, event in enumerate(left):
        places = waiting.get(_key(event))
        if places:
            pairs[at] = places.pop(0)
            taken.add(pairs[at])
    exact = len(pairs)
    for likely in (_timed, _alike):
        free = [at for at in range(len(left)) if at not in pairs]
        open_ = [at for at in range(len(right)) if at not in taken]
        for _, one, other in sorted(likely(left, right, free, open_)):
            if one not in pairs and other not in taken:
                pairs[one] = other
                taken.add(other)
    return pairs, exact


def _key(event: Event) -> tuple[str, str]:
    return _time(event), event.text


def _time(event: Event) -> str:
    return event.time if event.at is None else event.at.isoformat()


_Found = list[tuple[tuple[float, int], int, int]]


def _timed(left: Sequence[Event], right: Sequence[Event], free: list[int], open_: list[int]) -> _Found:
    found: _Found = []
    for one in free:
        same = [other for other in open_ if same_time(left[one], right[other])]
        rivals = sum(same_time(left[one], left[at]) for at in free)
        for other in same:
            near = similarity(left[one].text, right[other].text)
            if near >= SAME_TIME_ALIKE or (len(same) == 1 and rivals == 1):
                found.append(((-near, abs(one - other)), one, other))
    return found


def _alike(left: Sequence[Event], right: Sequence[Event], free: list[int], open_: list[int]) -> _Found:
    return [
        ((-near, abs(one - other)), one, other)
        for one in free
        for other in open_
        if (near := similarity(left[one].text, right[other].text)) >= ALIKE
    ]


# ---------------------------------------------------------------- responses and traces


def match_answers(files: Sequence[Answers], traces: Sequence[Trace]) -> list[FileMatch]:
    """Each file with the trace that shares most of its events; the file's name does not decide.

    Raises: DataError for a file that shares less than half of its events with every trace, or two files of one trace.
    """
    matches = [_match_file(file, traces) for file in files]
    owner: dict[str, str] = {}
    for match in matches:
        if match.trace in owner:
            raise DataError.at(
                match.path,
                None,
                f"belongs to the trace '{match.trace}', as does {owner[match.trace]}",
                fix="give one file of responses per trace",
            )
        owner[match.trace] = match.path
    return matches


def _match_file(file: Answers, traces: Sequence[Trace]) -> FileMatch:
    events = [answer.event for answer in file.answers]
    likely = sorted(traces, key=lambda trace: -_shared(events, trace.events))[:2]
    best: FileMatch | None = None
    for trace in likely:
        pairs, exact = match_events(events, trace.events)
        match = FileMatch(
            path=file.path,
            trace=trace.id,
            pairs=tuple(sorted(pairs.items())),
            exact=exact,
            reworded=len(pairs) - exact,
            missing=len(trace.points) - len(pairs),
            extra=len(events) - len(pairs),
        )
        if best is None or len(match.pairs) > len(best.pairs):
            best = match
    if best is None or 2 * len(best.pairs) < len(events):
        shared = 0 if best is None else len(best.pairs)
        raise DataError.at(
            file.path,
            None,
            f"shares {shared} of its {len(events)} events with the nearest trace, expected at least half",
            fix="give the responses to these traces",
        )
    return best


def _shared(events: Sequence[Event], others: Sequence[Event]) -> int:
    """How many events the others have, and how many times: all that is left where every text was reworded."""
    keys, times = {_key(event) for event in others}, {_time(event) for event in others} - {""}
    return sum((_key(event) in keys) + (_time(event) in times) for event in events)


# ---------------------------------------------------------------- traces and reward data


def sessions_of(items: Iterable[LabelledMoment]) -> dict[str, list[LabelledMoment]]:
    """Session → its labelled moments, in their order."""
    found: dict[str, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        found[item.moment.session].append(item)
    return dict(found)


def play_in(trace: Trace, items: Iterable[LabelledMoment]) -> tuple[str, list[LabelledMoment]]:
    """(user, labelled moments) of the play of a session that the trace is: in the gym several users play one session."""
    users: dict[str, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        users[item.moment.user].append(item)
    found = matching_sessions(trace, users)
    return (found[0].session, users[found[0].session]) if found else ("", [])


def matching_sessions(trace: Trace, sessions: Mapping[str, Sequence[LabelledMoment]]) -> list[SessionMatch]:
    """The sessions that hold at least TOUCHED of the trace's events, the best first; empty when none does.

    An event is held when one of the same time and of alike text is, or of equal text where a time is missing.
    """
    found = []
    for name, items in sessions.items():
        events = {_key(event): event for item in items for event in item.moment.events}
        held = sum(_held(event, events) for event in trace.events)
        if held >= TOUCHED * len(trace.points):
            found.append(SessionMatch(session=name, found=held, events=len(trace.points)))
    return sorted(found, key=lambda match: -match.found)


def _held(event: Event, events: Mapping[tuple[str, str], Event]) -> bool:
    return _key(event) in events or any(is_same(event, other) for other in events.values())


def is_same(one: Event, other: Event) -> bool:
    """One event, maybe reworded: the same time and similarity of at least REWORDED; equal texts where a time is missing."""
    if not (one.time and other.time):
        return one.text == other.text
    return same_time(one, other) and (one.text == other.text or similarity(one.text, other.text) >= REWORDED)


def labelled_at(trace: Trace, items: Sequence[LabelledMoment]) -> dict[int, list[LabelledMoment]]:
    """Event of the trace → what people labelled there: moments whose last event it is.

    Where several events fit, the one at which as many events were seen is meant, or the nearest to that.
    """
    found: dict[int, list[LabelledMoment]] = defaultdict(list)
    for item in items:
        seen = item.moment.events
        fitting = [at for at, event in enumerate(trace.events) if is_same(event, seen[-1])]
        if fitting:
            here = min(
                fitting,
                key=lambda at: (trace.events[at].text != seen[-1].text, abs(at + 1 - len(seen)), at),
            )
            found[here].append(item)
    return dict(found)


def need_at(items: Sequence[LabelledMoment]) -> bool | None:
    """Whether people wanted help at a point, by the majority of what they said there; None for a tie or for nothing."""
    said = [item.label.help_needed for item in items if item.label.help_needed is not None]
    if not said:
        said = [not item.label.accepted for item in items if item.moment.proposal is None]
    yes = sum(said)
    return None if 2 * yes == len(said) else 2 * yes > len(said)
