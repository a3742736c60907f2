"""An activity log, step by step:

export or server ──▶ buckets ──▶ RawEvent ──redact──▶ LogEvent ──lay out──▶ Span ──part──▶ sessions ──tell──▶ WorkSession

Each machine goes this way by itself. Nothing after `redact` has seen the log's own texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Any, Literal

from tactful.data.activity.redacting.patterns import Patterns
from tactful.data.activity.redacting.redactor import Redactor, names_of
from tactful.data.activity.redacting.shadows import shadowed
from tactful.data.activity.report import ImportReport
from tactful.data.activity.sources.buckets import read_buckets
from tactful.data.activity.telling.wording import language_of, tell
from tactful.data.activity.timeline.layout import lay_out
from tactful.data.activity.timeline.sessions import Bounds, part
from tactful.data.activity.types import SECOND, LogEvent, RawEvent, Span, WorkSession
from tactful.data.logs.users import Names
from tactful.types import Event, Provenance

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
IMPORTED = Provenance(model="templates", generator="import")


@dataclass(frozen=True)
class ActivityOptions:
    """How a log is read and told."""

    zone: tzinfo = UTC
    """Of times that name none."""
    bounds: Bounds = field(default_factory=Bounds)
    lang: Literal["auto", "en", "zh"] = "auto"
    """Of the sentences; `auto`: of the titles, for each session."""
    allow: Patterns = field(default_factory=lambda: Patterns(()))
    deny: Patterns = field(default_factory=lambda: Patterns(()))

    def digest(self) -> str:
        """A hash that is another wherever another option is."""
        told = (str(self.zone), self.bounds, self.lang, self.allow.entries, self.deny.entries)
        return sha256(repr(told).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def sessions_of(document: Any, options: ActivityOptions) -> tuple[list[WorkSession], ImportReport]:
    """The work sessions of an export's document, oldest first, and what became of the rest."""
    log = read_buckets(document, zone=options.zone)
    report = ImportReport(log.reading)
    found: list[WorkSession] = []
    hashes = Names()
    hosts = sorted(log.hosts)
    names = {*hosts, *names_of(event for host in hosts for event in log.hosts[host])}
    for host in hosts:
        user = hashes.hashed(host)
        events = _redacted(log.hosts[host], log.beside, names, options, report)
        found += [_told(session, user, options) for session in _worked(events, options.bounds, report)]
    report.machines = len({session.user for session in found})
    found.sort(key=lambda session: (session.started_at, session.id))
    report.statistics.add(found)
    return found, report


def _redacted(
    raw: Sequence[RawEvent],
    beside: Iterable[RawEvent],
    names: Iterable[str],
    options: ActivityOptions,
    report: ImportReport,
) -> list[LogEvent]:
    redactor = Redactor(allow=options.allow, deny=options.deny, names=names)
    own = {id(event) for event in raw}
    others = [(event, redactor.gone(event)) for event in beside if id(event) not in own]
    events = shadowed(raw, [redactor.redact(event) for event in raw], others)
    report.cut += redactor.cut
    report.cut.update(event.gone for event in events if event.gone in ("private", "denied"))
    return events


def _worked(events: Iterable[LogEvent], bounds: Bounds, report: ImportReport) -> list[list[Span]]:
    laid = lay_out(events)
    parted = part(laid.spans, bounds)
    report.recorded += laid.recorded
    report.left_out += parted.left_out
    report.left_out["away"] += laid.away
    report.flicker += parted.flicker
    report.short += parted.short
    return parted.sessions


def _told(session: Sequence[Span], user: str, options: ActivityOptions) -> WorkSession:
    lang = language_of(session) if options.lang == "auto" else options.lang
    told = list(tell(session, lang))
    start, end = _moment(session[0].start), _moment(max(span.end for span in session))
    return WorkSession(
        id=f"{user}/{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03d}Z",
        user=user,
        lang=lang,
        started_at=start,
        ended_at=end,
        active_s=sum(one.worked for one in told) / SECOND,
        events=tuple(
            Event(at=_moment(one.at), text=one.text, time=_moment(one.at).isoformat(timespec="milliseconds"))
            for one in told
        ),
        lasted_s=tuple(one.worked / SECOND for one in told),
        provenance=IMPORTED,
    )


def _moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)
