"""Buckets as ActivityWatch keeps them: by id or in a list, events in any order, each good one as a `RawEvent`.

A row that cannot be read is counted by its reason and named by its place; nothing of its content is repeated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from tactful.data.activity.types import SECOND, Kind, RawEvent
from tactful.data.times import parse_time

KINDS: Mapping[str, Kind] = {
    "currentwindow": "window",
    "afkstatus": "away",
    "web.tab.current": "web",
    "app.editor.activity": "editor",
}
"""Bucket type → what its events are. Other types are counted."""
_BY_ID: Mapping[str, Kind] = {
    "aw-watcher-window": "window",
    "aw-watcher-afk": "away",
    "aw-watcher-web": "web",
    "aw-watcher-android": "window",
}
"""Of buckets without a type: how their id begins."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_S = 31 * 86_400
_MOST_PROBLEMS = 20
UNKNOWN_HOST = "unknown"


@dataclass
class Reading:
    """What became of a log's rows. Counts, places and reasons: no content."""

    buckets: Counter[Kind] = field(default_factory=Counter)
    """Kind → how many buckets."""
    other_buckets: int = 0
    """Of types that are not read."""
    read: int = 0
    """Rows of the buckets that are read: `read = events + bad`."""
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why rows were bad → how many."""
    problems: list[str] = field(default_factory=list)
    """The first of them, by place."""
    without_zone: int = 0
    """Times that named no zone."""

    def refuse(self, place: str, why: str, *, row: bool = True) -> None:
        """Count a bad row, or with `row=False` something else that is wrong."""
        self.bad += row
        self.reasons[why] += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(f"{place}: {why}")


@dataclass
class Log:
    """What was read, by machine, and what could not be."""

    hosts: dict[str, list[RawEvent]] = field(default_factory=lambda: defaultdict(list))
    """Name of a machine → its events, as they came."""
    beside: list[RawEvent] = field(default_factory=list)
    """Pages and files whose watcher names no machine, or one without windows: any machine's windows may show them."""
    reading: Reading = field(default_factory=Reading)


def is_export(document: Any) -> bool:
    """Whether a JSON document holds buckets."""
    return _buckets(document) is not None


def read_buckets(document: Any, *, zone: tzinfo = UTC) -> Log:
    """The events of an export, or of what a server gave; times without a zone are taken to be in `zone`.

    The document must be one of those of `is_export`.
    """
    log = Log()
    reading = log.reading
    for number, (name, bucket) in enumerate(_buckets(document) or (), start=1):
        place = f"bucket {number}"
        if not isinstance(bucket, Mapping):
            reading.refuse(place, "is no object", row=False)
            continue
        kind = kind_of(name, bucket)
        if kind is None:
            reading.other_buckets += 1
            continue
        reading.buckets[kind] += 1
        events = bucket.get("events")
        if not isinstance(events, list):
            if events is not None:
                reading.refuse(place, "has events that are no list", row=False)
            continue
        host = bucket.get("hostname")
        into = log.hosts[host.strip() if isinstance(host, str) and host.strip() else UNKNOWN_HOST]
        for at, row in enumerate(events, start=1):
            reading.read += 1
            event = _event(kind, row, zone, reading)
            if isinstance(event, str):
                reading.refuse(f"{place} ({_TYPES[kind]}), event {at}", event)
            else:
                into.append(event)
    with_windows = [name for name, events in log.hosts.items() if _of(events, "window")]
    for name, events in log.hosts.items():
        if name == UNKNOWN_HOST or name not in with_windows:
            log.beside += _of(events, "web", "editor")
    _join_unknown(log.hosts, with_windows)
    return log


_TYPES = {kind: name for name, kind in KINDS.items()}


def _buckets(document: Any) -> list[tuple[str, Any]] | None:
    """Each bucket with its id; None where the document holds none."""
    if isinstance(document, Mapping):
        inner = document.get("buckets")
        if isinstance(inner, Mapping):
            return [(str(name), bucket) for name, bucket in inner.items()]
        if isinstance(inner, list):
            return [(_id(bucket), bucket) for bucket in inner]
        if "events" in document and ("type" in document or "id" in document):
            return [(_id(document), document)]
    if isinstance(document, list) and any(
        isinstance(item, Mapping) and "events" in item for item in document
    ):
        return [(_id(bucket), bucket) for bucket in document]
    return None


def _id(bucket: Any) -> str:
    return str(bucket.get("id", "")) if isinstance(bucket, Mapping) else ""


def kind_of(name: str, bucket: Mapping[str, Any]) -> Kind | None:
    """What the events of a bucket are; None where it is of a type that is not read."""
    type_ = bucket.get("type")
    if isinstance(type_, str) and type_.strip():
        return KINDS.get(type_.strip())
    return next((kind for start, kind in _BY_ID.items() if name.startswith(start)), None)


def _event(kind: Kind, row: Any, zone: tzinfo, reading: Reading) -> RawEvent | str:
    """The event of a row, or what is wrong with it."""
    if not isinstance(row, Mapping):
        return "is no object"
    at, zoned = _time(row.get("timestamp"), zone)
    if at is None:
        return "has no time that can be read"
    if not _EPOCH <= at < _LATEST:
        return "has a time out of the ordinary (before 1970 or after 2200)"
    duration = row.get("duration")
    if duration is None:
        duration = 0
    if isinstance(duration, bool) or not isinstance(duration, int | float) or duration != duration:
        return "has a duration that is no number"
    if duration < 0:
        return "has a negative duration"
    if duration > _LONGEST_S:
        return "has a duration of over a month"
    data = row.get("data")
    if not isinstance(data, Mapping):
        return "has no data"
    if kind == "away" and data.get("status") not in ("afk", "not-afk"):
        return "has a status other than 'afk' and 'not-afk'"
    reading.without_zone += not zoned
    start = (at - _EPOCH) // timedelta(microseconds=1)
    return RawEvent(kind, start, start + round(duration * SECOND), data)


def _time(given: Any, zone: tzinfo) -> tuple[datetime | None, bool]:
    """A time in UTC, and whether it said its zone (numbers count from 1970 in UTC)."""
    if isinstance(given, str):
        with suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(given.strip())
            if at.tzinfo is None:
                return at.replace(tzinfo=zone).astimezone(UTC), False
    return parse_time(given), True


def _of(events: Iterable[RawEvent], *kinds: Kind) -> list[RawEvent]:
    return [event for event in events if event.kind in kinds]


def _join_unknown(hosts: dict[str, list[RawEvent]], with_windows: Sequence[str]) -> None:
    """Browsers' watchers long named no machine: their events belong to the machine with the most events.

    Windows without a machine beside those of another are a machine of their own: phones name none.
    """
    known = [name for name in hosts if name != UNKNOWN_HOST]
    if UNKNOWN_HOST not in hosts or not known:
        return
    own: tuple[Kind, ...] = ("window", "away") if set(with_windows) > {UNKNOWN_HOST} else ()
    given = hosts.pop(UNKNOWN_HOST)
    most = max(known, key=lambda name: (len(hosts[name]), name))
    hosts[most] += [event for event in given if event.kind not in own]
    if own:
        hosts[UNKNOWN_HOST] = _of(given, *own)
