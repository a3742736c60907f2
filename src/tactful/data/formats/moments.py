"""Moments in ProactiveBench's form and in our own: events, a proposal or silence, and what people said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from tactful.data.formats.episodes import MomentRows
from tactful.data.formats.keys import refuse_keys, text_in
from tactful.data.io import Rows, shorten
from tactful.data.times import oldest_first, parse_time
from tactful.types import Event, LabelledMoment, Moment, MomentLabel, ProposalHistory, content_hash

CATEGORIES = {
    "Missed-Need (MN)": "missed-need",
    "Correct-Rejection (CR)": "correct-silence",
    "Non-Response (NR)": "correct-silence",
    "Correct-Detection (CD)": "hit",
    "False-Alarm (FA)": "false-alarm",
}
"""ProactiveBench's categories by our glossary. Its files say Correct-Rejection where its paper says Non-Response."""
_THEIRS = {ours: theirs for theirs, ours in reversed(CATEGORIES.items())}
"""The same the other way round, as its files have them."""

_KEYS = (
    "obs",
    "pred_task",
    "valid",
    "help_needed",
    "annotation",
    "category",
    "id",
    "session",
    "user",
    "history",
    "judge",
    "p_accepted",
)
TIMES = "write seconds or milliseconds since 1970, ISO 8601, or 'Day 2, 1:05 AM'"
"""How a time may be written, for messages."""
T = TypeVar("T", bound=Moment | LabelledMoment)
_SPELT_SILENCE = frozenset({"", "null", "none"})


def moment_rows(path: Path | str, *, skip_bad: bool = False, strict: bool = False) -> Rows[Moment]:
    """The moments of a JSONL file; labels may be missing and are not read. `strict` refuses times that cannot be read.

    An episode of the gym gives all its moments. Events that are not oldest first are sorted by their times, with a note. A row without `session` belongs to the session that its first event names, as in ProactiveBench.
    Raises, while iterating: DataError at the first unusable row, unless `skip_bad` (counted in `.bad`).
    """
    return _rows(path, parse_moment, _moment, skip_bad=skip_bad, strict=strict)


def labelled_rows(path: Path | str, *, skip_bad: bool = False, strict: bool = False) -> Rows[LabelledMoment]:
    """The moments of a JSONL file with what people said about them; `valid` is needed, votes and need are not.

    Raises, while iterating: DataError at the first unusable row, unless `skip_bad` (counted in `.bad`).
    """
    return _rows(path, parse_labelled, lambda item: item, skip_bad=skip_bad, strict=strict)


def _rows(
    path: Path | str,
    parse: Callable[[Any], T],
    of_episode: Callable[[LabelledMoment], T],
    *,
    skip_bad: bool,
    strict: bool,
) -> Rows[T]:
    def read(row: Any) -> T:
        if isinstance(row, LabelledMoment):  # out of an episode
            return of_episode(row)
        item = parse(row)
        moment = _moment(item)
        unread = next((event for event in moment.events if event.at is None and event.time.strip()), None)
        if unread is not None and strict:
            raise ValueError(f"moment has the time '{unread.time}', which cannot be read; {TIMES}")
        if unread is not None:
            rows.note("an event has a time that cannot be read, and counts as having none")
        if [entry["event"] for entry in row["obs"]] != [event.text for event in moment.events]:
            rows.note("the events did not stand oldest first; they were sorted by their times")
        return item

    rows = MomentRows(path, read, skip_bad=skip_bad, kind="moment", key=lambda item: _moment(item).id)
    return rows


def observation_id(moment: Moment) -> str:
    """What was seen, whatever was proposed: equal for the proposals made at one point of one session."""
    seen = [[event.time, event.text] for event in moment.events]
    return content_hash(orjson.dumps([moment.session, seen]))


def parse_event(row: Any, place: str) -> Event:
    """The event of `{"time": …, "event": …}`. Raises: ValueError that names `place`."""
    if not isinstance(row, Mapping) or not isinstance(row.get("event"), str) or not row["event"].strip():
        raise ValueError(f"{place} is {shorten(row)}, expected an object with text in 'event'")
    time = row.get("time", "")
    if isinstance(time, bool) or not isinstance(time, str | int | float):
        raise ValueError(f"{place} has time {shorten(time)}, expected text or seconds")
    return Event(at=parse_time(time), text=row["event"], time=str(time))


def plain_proposal(proposal: str | None) -> str | None:
    """None for silence, also where it is spelt `null`, `none` or an empty text; else the proposal, stripped."""
    if proposal is None or proposal.strip().lower() in _SPELT_SILENCE:
        return None
    return proposal.strip()


def moment_row(item: LabelledMoment) -> dict[str, Any]:
    """The row that reads back as this item, in ProactiveBench's keys (all but `id`, `session`, `user`, `history`, `judge` and `p_accepted` theirs)."""
    moment, label = item.moment, item.label
    row: dict[str, Any] = {
        "id": moment.id,
        "session": moment.session,
        "obs": [{"time": _told_time(event), "event": event.text} for event in moment.events],
        "pred_task": moment.proposal,
        "valid": label.accepted,
        "help_needed": label.help_needed,
        "annotation": list(label.votes),
        "category": _THEIRS[item.category],
    }
    if moment.user:
        row["user"] = moment.user
    if moment.history is not None:
        row["history"] = moment.history.model_dump()
    if label.judge:
        row["judge"] = label.judge
    if label.p_accepted is not None:
        row["p_accepted"] = label.p_accepted
    return row


def parse_moment(row: Any) -> Moment:
    """The moment of one row. Raises: ValueError that says what is wrong, or pydantic's ValidationError."""
    if not isinstance(row, Mapping):
        raise ValueError(f"moment is {shorten(row)}, expected an object with 'obs' and 'pred_task'")
    refuse_keys(row, "moment", ("obs", "pred_task"), _KEYS)
    if not isinstance(row["obs"], list) or not row["obs"]:
        raise ValueError(f"moment has obs {shorten(row['obs'])}, expected a list with at least one event")
    given = [parse_event(entry, f"obs (item {number})") for number, entry in enumerate(row["obs"], 1)]
    events = oldest_first(given)
    proposal = row["pred_task"]
    if proposal is not None and not isinstance(proposal, str):
        raise ValueError(f"moment has pred_task {shorten(proposal)}, expected text, or null for silence")
    session = text_in(row, "session", "moment") or events[0].text
    history = row.get("history")
    return Moment(
        id=text_in(row, "id", "moment") or _content_id(row, session),
        session=session,
        user=text_in(row, "user", "moment"),
        events=events,
        proposal=plain_proposal(proposal),
        history=None if history is None else ProposalHistory.model_validate(history),
    )


def parse_labelled(row: Any) -> LabelledMoment:
    """The moment of one row and its label. Raises: ValueError, as `parse_moment`; also for a category that contradicts."""
    moment = parse_moment(row)
    accepted, need = row.get("valid"), row.get("help_needed")
    if not isinstance(accepted, bool):
        problem = f"has valid {shorten(accepted)}" if "valid" in row else "has no 'valid'"
        raise ValueError(f"moment {problem}, expected true (accepted) or false (rejected)")
    if need is not None and not isinstance(need, bool):
        raise ValueError(f"moment has help_needed {shorten(need)}, expected true, false or null")
    votes = row.get("annotation") or []
    if not isinstance(votes, list) or not all(isinstance(vote, bool) for vote in votes):
        raise ValueError(
            f"moment has annotation {shorten(votes)}, expected a list of true and false, one per annotator"
        )
    item = LabelledMoment(
        moment=moment,
        label=MomentLabel(
            accepted=accepted,
            help_needed=need,
            votes=tuple(votes),
            judge=text_in(row, "judge", "moment"),
            p_accepted=row.get("p_accepted"),
        ),
    )
    given = row.get("category")
    if given is not None and CATEGORIES.get(str(given), given) != item.category:
        raise ValueError(
            f"moment has category {shorten(given)}, but its proposal and 'valid' make it {item.category}; "
            "correct one of them"
        )
    return item


def _told_time(event: Event) -> str:
    """As its source wrote it; of an event that was made and never written, its time in ISO 8601."""
    return event.time or (event.at.isoformat() if event.at is not None else "")


def _content_id(row: Mapping[str, Any], session: str) -> str:
    """Made from what was seen and proposed and by what people voted: two equal rows are one row, given twice."""
    told = [session, row["obs"], row["pred_task"], row.get("user"), row.get("annotation")]
    return f"moment-{content_hash(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))[:16]}"


def _moment(item: Moment | LabelledMoment) -> Moment:
    return item.moment if isinstance(item, LabelledMoment) else item
