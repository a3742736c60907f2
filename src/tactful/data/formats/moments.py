"""Moments in ProactiveBench's form and in our own: events, a proposal or silence, and what people said about it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from tactful.data.io import Rows, shorten
from tactful.types import Event, LabelledMoment, Moment, MomentLabel, ProposalHistory, content_hash

CATEGORIES = {
    "Missed-Need (MN)": "missed-need",
    "Correct-Rejection (CR)": "correct-silence",
    "Non-Response (NR)": "correct-silence",
    "Correct-Detection (CD)": "hit",
    "False-Alarm (FA)": "false-alarm",
}
"""ProactiveBench's categories by our glossary. Its files say Correct-Rejection where its paper says Non-Response."""

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
)
_DAY_CLOCK = re.compile(r"day\s+(\d+)\s*,\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])\.?m\.?", re.IGNORECASE)
_SPELT_SILENCE = frozenset({"", "null", "none"})


def moment_rows(path: Path | str, *, skip_bad: bool = False) -> Rows[Moment]:
    """The moments of a JSONL file; labels may be missing and are not read.

    A row without `session` belongs to the session that its first event names, as in ProactiveBench.
    Raises, while iterating: DataError at the first unusable row, unless `skip_bad` (counted in `.bad`).
    """
    return Rows(path, parse_moment, skip_bad=skip_bad, kind="moment", key=_own_id)


def labelled_rows(path: Path | str, *, skip_bad: bool = False) -> Rows[LabelledMoment]:
    """The moments of a JSONL file with what people said about them; `valid` is needed, votes and need are not.

    Raises, while iterating: DataError at the first unusable row, unless `skip_bad` (counted in `.bad`).
    """
    return Rows(path, parse_labelled, skip_bad=skip_bad, kind="moment", key=lambda item: _own_id(item.moment))


def observation_id(moment: Moment) -> str:
    """What was seen, whatever was proposed: equal for the proposals made at one point of one session."""
    seen = [[event.time, event.text] for event in moment.events]
    return content_hash(orjson.dumps([moment.session, seen]))


def parse_time(text: object) -> datetime | None:
    """Aware UTC of seconds since 1970, of `Day 2, 1:05 AM` (day 1 = 1970-01-01) or of ISO 8601; None for others.

    ISO times without a zone are taken as UTC.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    try:
        seconds = float(text)
    except ValueError:
        return _spelt_time(str(text).strip())
    if not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _spelt_time(text: str) -> datetime | None:
    clock = _DAY_CLOCK.fullmatch(text)
    if clock is None:
        try:
            at = datetime.fromisoformat(text)
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    day, hour, minute, second, half = clock.groups()
    if not 1 <= int(hour) <= 12 or int(minute) > 59 or int(second or 0) > 59 or not 1 <= int(day) <= 100_000:
        return None
    hours = int(hour) % 12 + (12 if half.lower() == "p" else 0)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        days=int(day) - 1, hours=hours, minutes=int(minute), seconds=int(second or 0)
    )


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
    """The row that reads back as this item, in ProactiveBench's keys (all but `id`, `session` and `user` theirs)."""
    names = {"missed-need": "Missed-Need (MN)", "correct-silence": "Correct-Rejection (CR)"}
    names |= {"hit": "Correct-Detection (CD)", "false-alarm": "False-Alarm (FA)"}
    moment, label = item.moment, item.label
    row: dict[str, Any] = {
        "id": moment.id,
        "session": moment.session,
        "obs": [{"time": event.time, "event": event.text} for event in moment.events],
        "pred_task": moment.proposal,
        "valid": label.accepted,
        "help_needed": label.help_needed,
        "annotation": list(label.votes),
        "category": names[item.category],
    }
    if moment.user:
        row["user"] = moment.user
    if moment.history is not None:
        row["history"] = moment.history.model_dump()
    return row


def parse_moment(row: Any) -> Moment:
    """The moment of one row. Raises: ValueError that says what is wrong, or pydantic's ValidationError."""
    if not isinstance(row, Mapping):
        raise ValueError(f"moment is {shorten(row)}, expected an object with 'obs' and 'pred_task'")
    missing = [key for key in ("obs", "pred_task") if key not in row]
    if missing:
        raise ValueError(
            f"moment has no {' and no '.join(map(repr, missing))}; its keys are {', '.join(map(str, row)) or 'none'}"
        )
    unknown = sorted(set(row) - set(_KEYS))
    if unknown:
        raise ValueError(f"moment has the unknown key '{unknown[0]}', expected some of {', '.join(_KEYS)}")
    if not isinstance(row["obs"], list) or not row["obs"]:
        raise ValueError(f"moment has obs {shorten(row['obs'])}, expected a list with at least one event")
    events = tuple(parse_event(entry, f"obs (item {number})") for number, entry in enumerate(row["obs"], 1))
    proposal = row["pred_task"]
    if proposal is not None and not isinstance(proposal, str):
        raise ValueError(f"moment has pred_task {shorten(proposal)}, expected text, or null for silence")
    session = _text(row, "session") or events[0].text
    history = row.get("history")
    return Moment(
        id=_text(row, "id") or _content_id(row, session),
        session=session,
        user=_text(row, "user"),
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
        moment=moment, label=MomentLabel(accepted=accepted, help_needed=need, votes=tuple(votes))
    )
    given = row.get("category")
    if given is not None and CATEGORIES.get(str(given), given) != item.category:
        raise ValueError(
            f"moment has category {shorten(given)}, but its proposal and 'valid' make it {item.category}; "
            "correct one of them"
        )
    return item


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"moment has {key} {shorten(value)}, expected text")
    return value.strip()


def _content_id(row: Mapping[str, Any], session: str) -> str:
    """Made from what was seen and proposed and by what people voted: two equal rows are one row, given twice."""
    told = [session, row["obs"], row["pred_task"], row.get("user"), row.get("annotation")]
    return f"moment-{content_hash(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))[:16]}"


def _own_id(moment: Moment) -> str:
    return moment.id
