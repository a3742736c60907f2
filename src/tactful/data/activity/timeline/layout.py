"""The events of one machine as stretches of work: at each time one window, explained by its page or file, away time cut out.

Where windows overlap, the one that began last is in front; of those that began together the longest. Times away are the
union of what the log says; where it says both, the longer interval is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tactful.data.activity.redacting.apps import is_browser, is_editor
from tactful.data.activity.redacting.shadows import HELD
from tactful.data.activity.timeline.sweep import Stretch, crossed, strongest, union
from tactful.data.activity.types import LogEvent, Span

_LEAST_ALIKE = 4
_FILE = re.compile(r"\w\.[a-z][a-z0-9]{0,5}\b", re.IGNORECASE)


@dataclass
class Laid:
    """The stretches of one machine in order of time, and what became of the time that its log covers."""

    spans: list[Span] = field(default_factory=list)
    """Those that are hidden are here too, without content; those away are not."""
    recorded: int = 0
    """Microseconds that the windows cover: `recorded` = the spans' + `away`."""
    away: int = 0
    """With the time of locked screens."""


def lay_out(events: Iterable[LogEvent]) -> Laid:
    """The stretches of one machine."""
    by_kind: dict[str, list[LogEvent]] = {"window": [], "web": [], "editor": [], "away": []}
    for event in events:
        by_kind[event.kind].append(event)
    front = by_kind["window"] or [*by_kind["web"], *by_kind["editor"]]
    shown = strongest(front, lambda event: (event.start, event.end - event.start))
    pieces: list[Stretch[LogEvent]] = shown
    if by_kind["window"]:
        pieces = _explained(_explained(shown, _held(by_kind["web"])), _held(by_kind["editor"]))
    laid = Laid(recorded=sum(end - start for start, end, _ in pieces))
    for start, end, event, away in crossed(pieces, away_times(by_kind["away"])):
        if away is None and event.gone != "locked":
            laid.spans.append(Span(start, end, event.shown, event.gone, worked=end - start))
        else:
            laid.away += end - start
    return laid


def away_times(events: Sequence[LogEvent]) -> list[Stretch[LogEvent]]:
    """When nobody was there."""
    joined = [
        LogEvent("away", start, end, away=away)
        for away in (False, True)
        for start, end in union((event.start, event.end) for event in events if event.away == away)
    ]
    held = strongest(joined, lambda event: event.end - event.start)
    return [(start, end, event) for start, end, event in held if event.away and end > start]


def _held(events: list[LogEvent]) -> list[Stretch[LogEvent]]:
    """Pages or files with the time for which they explain a window: until the next one, at most a minute after their end."""
    ordered = sorted(events, key=lambda event: (event.start, event.end))
    untils = [*(event.start for event in ordered[1:]), 10**18]
    longer = [
        replace(event, end=max(event.end, min(event.end + HELD, until)))
        for event, until in zip(ordered, untils, strict=False)
    ]
    return strongest(longer, lambda event: (event.start, event.end - event.start))


def _explained(
    windows: Sequence[Stretch[LogEvent]], beside: Sequence[Stretch[LogEvent]]
) -> list[Stretch[LogEvent]]:
    """The windows, told by the page or file that they show."""
    pieces = crossed(windows, beside)
    found: list[Stretch[LogEvent]] = []
    for place, (start, end, window, other) in enumerate(pieces):
        if other is None or not _explains(window, other):
            # a page is told of late, once a minute or less, and stays while the window bears its title
            near = (pieces[at] for at in (place - 1, place + 1) if 0 <= at < len(pieces))
            other = next(
                (there for _, _, same, there in near if there and same is window and _bears(window, there)),
                None,
            )
            pieces[place] = (start, end, window, other)
        # of a hidden page nothing is known, so that its window stays as it is
        found.append((start, end, window if other is None or window.gone else _told(window, other)))
    return found


def _explains(window: LogEvent, other: LogEvent) -> bool:
    """Whether the window may show this; what bears another title, or names another file, shows that of another program."""
    own = window.shown
    if _bears(window, other):
        return True
    if other.kind == "editor":
        return is_editor(own.app) and not _FILE.search(own.title)
    return is_browser(own.app) and _alike(own.title, other.shown.title)


def _alike(one: str, other: str) -> bool:
    return not one or not other or one.lower() == other.lower()


def _bears(window: LogEvent, other: LogEvent) -> bool:
    """Whether the window's title holds the page's title or the file's name."""
    name = other.shown.title if other.kind == "web" else other.shown.file
    return len(name) >= _LEAST_ALIKE and name.lower() in window.shown.title.lower()


def _told(window: LogEvent, other: LogEvent) -> LogEvent:
    own, more = window.shown, other.shown
    if other.kind == "web":
        shown = replace(own, title=more.title or own.title, site=more.site, search=more.search)
    else:
        shown = replace(own, file=more.file, project=more.project, language=more.language)
    return replace(window, shown=shown)
