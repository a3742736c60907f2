"""What is hidden in a browser or editor is hidden in the window that showed it, too.

A watcher of windows sees the title of a private tab like any other. So the windows of browsers that overlap a hidden tab, and
those of editors that overlap a hidden file, are hidden as well, and so is any window around that time that bears its title.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tactful.data.activity.redacting.apps import is_browser, may_edit
from tactful.data.activity.redacting.patterns import plain
from tactful.data.activity.types import SECOND, Gone, LogEvent, RawEvent, Shown

_MARGIN = 5 * SECOND
"""Watchers look once a second or so, each at its own time."""
_NEAR = 120 * SECOND
HELD = 60 * SECOND
"""A tab or file is seen again at least so often: what a watcher told last holds for so long, or until it tells of another."""
_LEAST_TITLE = 4


@dataclass(frozen=True, slots=True)
class _Shadow:
    start: int
    end: int
    gone: Gone
    page: bool
    names: tuple[str, ...]
    """Title of the tab, or name of the file, as compared."""


class _Alike:
    """Shadows of like lengths, in order of time."""

    def __init__(self, shadows: Sequence[_Shadow]) -> None:
        self._shadows = shadows
        self._starts = [shadow.start for shadow in shadows]
        self._longest = max(shadow.end - shadow.start for shadow in shadows)

    def near(self, event: LogEvent) -> Sequence[_Shadow]:
        """Those that may lie around an event's time; the latest first."""
        first = bisect_left(self._starts, event.start - self._longest - _NEAR)
        return self._shadows[first : bisect_right(self._starts, event.end + _NEAR)][::-1]


def shadowed(
    raw: Sequence[RawEvent], seen: Sequence[LogEvent], beside: Iterable[tuple[RawEvent, Gone]] = ()
) -> list[LogEvent]:
    """The events of one machine, those hidden too that show what is hidden beside them; `seen` is `raw`, redacted.

    `beside`: pages and files that may have been shown here, and why they are hidden.
    """
    own = ((before, event.gone) for before, event in zip(raw, seen, strict=True))
    shadows = sorted([*_shadows(own), *_shadows(beside)], key=lambda shadow: shadow.start)
    # of like lengths together, so that a tab left open for a day does not make the search for the short ones long
    lengths = defaultdict(list)
    for shadow in shadows:
        lengths[(shadow.end - shadow.start).bit_length()].append(shadow)
    groups = [_Alike(found) for found in lengths.values()]
    return [_under(before, event, groups) for before, event in zip(raw, seen, strict=True)]


def _shadows(events: Iterable[tuple[RawEvent, Gone]]) -> list[_Shadow]:
    pairs = sorted(
        (pair for pair in events if pair[0].kind in ("web", "editor")), key=lambda pair: pair[0].start
    )
    following: dict[str, int] = {}
    found = []
    for before, gone in reversed(pairs):
        until = min(following.get(before.kind, before.end + HELD), before.end + HELD)
        following[before.kind] = before.start
        if gone in ("private", "denied"):
            named = (before.text("title"), before.text("file"))
            names = tuple(name for text in named if len(name := _last(text)) >= _LEAST_TITLE)
            end = max(before.end, until)
            found.append(_Shadow(before.start, end, gone, before.kind == "web", names))
    return found


def _last(text: str) -> str:
    return plain(text.replace("\\", "/").rsplit("/", 1)[-1] if "/" in text and " " not in text else text)


def _under(before: RawEvent, event: LogEvent, groups: Sequence[_Alike]) -> LogEvent:
    if event.gone or event.kind == "away":
        return event
    app = before.text("app")
    page, edits, compared = is_browser(app), may_edit(app), plain(before.text("title"))
    for shadow in (shadow for group in groups for shadow in group.near(event)):
        apart = max(shadow.start - event.end, event.start - shadow.end)
        alike = any(name in compared for name in shadow.names)
        shows = event.kind == "window" and (page if shadow.page else edits) and _may_show(event, shadow)
        if shows or (alike and apart <= _NEAR):
            return replace(event, shown=Shown(), gone=shadow.gone)
    return event


def _may_show(event: LogEvent, shadow: _Shadow) -> bool:
    """Whether this may be the hidden thing's window: at least half of it lies within the other's time, or all of that in it.

    A window before or after, which the two watchers' clocks let overlap by a second or so, is another.
    """
    if event.start <= shadow.start and event.end >= shadow.end:
        return True
    inside = min(event.end, shadow.end + _MARGIN) - max(event.start, shadow.start - _MARGIN)
    return inside >= 0 and 2 * inside >= event.end - event.start
