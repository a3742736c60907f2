"""Hours of the week in which nothing is offered, and times of the day at which digests go out. Wall-clock time in a zone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"(?:(?P<days>[a-z,-]+)\s+)?(?P<start>\d{1,2}:\d\d)\s*-\s*(?P<end>\d{1,2}:\d\d)")
_EXPECTED = "write '22:00-07:30' or 'sat,sun 00:00-24:00'"


@dataclass(frozen=True)
class Hours:
    """From `start` to `end`, minutes of the day, on the days on which it begins; over midnight where `end` is not later."""

    start: int
    end: int
    days: frozenset[int]

    def end_of(self, at: datetime) -> datetime | None:
        """When the stretch that holds `at` (in the zone) ends; None: none does."""
        for begun in (at.date(), at.date() - timedelta(days=1)):
            if begun.weekday() not in self.days:
                continue
            last = self.end if self.end > self.start else self.end + 24 * 60
            start, end = (_at(begun, minutes, at.tzinfo) for minutes in (self.start, last))
            if start.replace(tzinfo=None) <= at.replace(tzinfo=None) < end.replace(tzinfo=None):
                return end
        return None


def _at(day: date, minutes: int, zone: tzinfo | None) -> datetime:
    days, rest = divmod(minutes, 24 * 60)
    return datetime.combine(day + timedelta(days=days), time(*divmod(rest, 60)), zone)


def read_hours(text: str) -> Hours:
    """The hours of `22:00-07:30` or `mon-fri 12:00-13:00`. Raises: ValueError that says what is wrong."""
    found = _FORM.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"'{text}' is no stretch of hours; {_EXPECTED}")
    start, end = _minutes(found["start"]), _minutes(found["end"])
    if start == end or start == 24 * 60:
        raise ValueError(f"'{text}' ends where it begins; {_EXPECTED}")
    return Hours(start, end, _days(found["days"] or "mon-sun", text))


def _days(spelt: str, text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in spelt.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"'{text}' names the day '{part}'; the days are {', '.join(DAYS)}")
        at, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(at, end + 1 + 7 * (end < at))}
    return frozenset(found)


def _minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"'{text}' is no time of the day; {_EXPECTED}")
    return hour * 60 + minute


def read_time(text: str) -> int:
    """Minutes of the day of `18:30`. Raises: ValueError."""
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text.strip())
    if found is None or int(found[1]) > 23:
        raise ValueError(f"'{text}' is no time of the day; write '18:30'")
    return int(found[1]) * 60 + int(found[2])


def last_slot(times: Iterable[int], at: datetime) -> datetime | None:
    """The latest of these times of the day, at or before `at` (in the zone)."""
    slots = (_at(at.date() - timedelta(days=back), one, at.tzinfo) for one in times for back in (0, 1))
    return max((slot for slot in slots if slot <= at), default=None)
