"""Times of events as logs write them, and events in the order in which they happened."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from tactful.types import Event

_DAY_CLOCK = re.compile(r"day\s+(\d+)\s*,\s*(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap])\.?m\.?", re.IGNORECASE)
_POINTS = re.compile(r"^(\d\d)\.(\d\d)\.(\d{4})(?=\D|$)")
_COMPACT = re.compile(r"(?:19|20)\d{6}(?:[T ]?\d{4}(?:\d{2}(?:[.,]\d+)?)?)?Z?")
_UTC = re.compile(r"\s*(?:UTC|GMT)$")
_ISO_DATE = re.compile(r"^(\d{4})/(\d\d)/(\d\d)\b")
"""A date whose order its year tells, written with strokes."""
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From this size on, a number counts nano-, micro- or milliseconds: as seconds it would lie beyond the year 5000."""


def parse_time(text: object) -> datetime | None:
    """Aware UTC of a time; None where it cannot be read.

    Read are seconds, milli-, micro- and nanoseconds since 1970, ISO 8601 also in its compact form (`20250601T100000Z`),
    with strokes or the word UTC (`2025/06/01 10:00 UTC`) or with points (`01.06.2025 10:00`), without a zone as UTC;
    MongoDB's `{"$date": …}`, and `Day 2, 1:05 AM` (day 1 = 1970-01-01).
    """
    if isinstance(text, dict):  # a date of MongoDB
        inner = text.get("$date")
        return parse_time(inner.get("$numberLong") if isinstance(inner, dict) else inner)
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    spelt = str(text).strip()
    if _COMPACT.fullmatch(spelt) and (isinstance(text, str) or len(spelt) == 14):
        at = _compact_time(spelt)
        if at is not None:
            return at
    try:
        seconds = float(text)
    except ValueError:
        return _spelt_time(spelt)
    except OverflowError:  # a whole number that no float holds
        return None
    if not math.isfinite(seconds):
        return None
    unit = next((unit for least, unit in _UNITS if abs(seconds) >= least), 1.0)
    try:
        return datetime.fromtimestamp(seconds / unit, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _compact_time(text: str) -> datetime | None:
    date, clock = text[:8], text[8:].lstrip("T ").rstrip("Z")
    try:
        return datetime.fromisoformat(f"{date}T{clock or '00'}").replace(tzinfo=UTC)
    except ValueError:
        return None


def _spelt_time(text: str) -> datetime | None:
    clock = _DAY_CLOCK.fullmatch(text)
    if clock is None:
        text = _POINTS.sub(r"\3-\2-\1", text)
        try:
            at = datetime.fromisoformat(_ISO_DATE.sub(r"\1-\2-\3", _UTC.sub("+00:00", text.upper())))
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


def is_mixed_up(events: Sequence[Event]) -> bool:
    """Whether the times say that the events do not stand oldest first: every third step goes back, or more.

    Clocks jump now and then; a log that was written newest first, or shuffled, goes back far more often.
    """
    times = [event.at for event in events if event.at is not None]
    back = sum(after < before for before, after in pairwise(times))
    forward = sum(after > before for before, after in pairwise(times))
    return back > 0 and 2 * back >= forward


def oldest_first(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events by their times where those say that they are mixed up, else as they stand.

    Of equal times the later in the file comes first where the file runs backwards.
    Raises: ValueError when they are mixed up and the time of one of them is not known.
    """
    if not is_mixed_up(events):
        return tuple(events)
    times = [event.at for event in events if event.at is not None]
    unknown = next((event for event in events if event.at is None), None)
    if unknown is not None:
        raise ValueError(
            f"events are not in order of time, and one has the time '{unknown.time}', which cannot be read, so they "
            "cannot be sorted; put them oldest first"
        )
    ordered = reversed(events) if times[-1] < times[0] else iter(events)
    return tuple(sorted(ordered, key=lambda event: event.at.timestamp() if event.at else 0.0))
