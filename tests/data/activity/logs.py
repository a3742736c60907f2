"""Exports of ActivityWatch, written by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tactful.data.activity.pipeline import ActivityOptions, sessions_of
from tactful.data.activity.redacting.patterns import Patterns
from tactful.data.activity.report import ImportReport
from tactful.data.activity.timeline.sessions import Bounds
from tactful.data.activity.types import WorkSession

NINE = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
Row = dict[str, Any]


def row(at_s: float, lasts_s: float, **data: Any) -> Row:
    """An event that begins `at_s` seconds after nine and lasts so long."""
    return {"timestamp": (NINE + timedelta(seconds=at_s)).isoformat(), "duration": lasts_s, "data": data}


def window(at_s: float, lasts_s: float, app: str = "Code", title: str = "a.py") -> Row:
    return row(at_s, lasts_s, app=app, title=title)


def page(at_s: float, lasts_s: float, url: str, title: str, **more: Any) -> Row:
    return row(at_s, lasts_s, url=url, title=title, audible=False, incognito=False) | (
        {"data": {"url": url, "title": title, "audible": False, "incognito": False, **more}}
    )


def afk(at_s: float, lasts_s: float, status: str = "afk") -> Row:
    return row(at_s, lasts_s, status=status)


def bucket(type_: str, events: Sequence[Any], host: Any = "desk-seven", **more: Any) -> Row:
    """A bucket as exports have it: newest event first, `name` null."""
    name = {"currentwindow": "window", "afkstatus": "afk", "web.tab.current": "web-firefox"}.get(type_, "vim")
    return {
        "id": f"aw-watcher-{name}_{host}",
        "name": None,
        "type": type_,
        "client": f"aw-watcher-{name}",
        "hostname": host,
        "created": "2025-01-01T00:00:00+00:00",
        "data": {},
        "events": list(reversed(events)),
        **more,
    }


def export(
    windows: Sequence[Row] = (),
    *,
    pages: Sequence[Row] = (),
    files: Sequence[Row] = (),
    away: Sequence[Row] = (),
    others: Sequence[Row] = (),
) -> Row:
    """One machine's export."""
    parts = [
        bucket("currentwindow", windows),
        bucket("web.tab.current", pages),
        bucket("app.editor.activity", files),
        bucket("afkstatus", away),
        *others,
    ]
    return {"buckets": {one["id"]: one for one in parts if one["events"]}}


def imported(
    document: Any, *, deny: Sequence[str] = (), allow: Sequence[str] = (), **options: Any
) -> tuple[list[WorkSession], ImportReport]:
    """The sessions, with bounds as keyword arguments (`gap_s=60`); no session is too short unless said."""
    bounds = {name: options.pop(name) for name in ("gap_s", "flicker_s", "least_s") if name in options}
    return sessions_of(
        document,
        ActivityOptions(
            bounds=Bounds(**{"least_s": 0.0, **bounds}), allow=Patterns(allow), deny=Patterns(deny), **options
        ),
    )


def told(document: Any, **options: Any) -> list[str]:
    """Every sentence."""
    return [event.text for session in imported(document, **options)[0] for event in session.events]
