"""Stretches of work as sessions: short switches merged, parted where nobody was there for long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tactful.data.activity.types import SECOND, Shown, Span

_TOUCHING = 5 * SECOND
"""Stretches so close are one after the other: watchers look once a second or so."""


@dataclass(frozen=True)
class Bounds:
    """Where stretches are merged and sessions parted."""

    flicker_s: float = 3.0
    """A stretch shorter than this belongs to the one before it (or, at a beginning, after it)."""
    gap_s: float = 300.0
    """A pause longer than this parts two sessions."""
    least_s: float = 60.0
    """A session with less work than this is left out."""


@dataclass
class Parted:
    """Sessions of one machine, and the time that is in none."""

    sessions: list[list[Span]] = field(default_factory=list)
    flicker: int = 0
    """Stretches that were merged into a neighbour; their time is the neighbour's."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why → microseconds: `private`, `denied`, `blank`, `short`."""
    short: int = 0
    """Sessions that were too short."""


def part(spans: Sequence[Span], bounds: Bounds) -> Parted:
    """The sessions of spans in order of time. The time of all spans = that of the sessions + `left_out`."""
    found = Parted()
    for session in _parted(spans, round(bounds.gap_s * SECOND)):
        kept, hidden_pause = [], 0
        for span in session:
            if span.gone:  # who came back to something hidden came back
                found.left_out[span.gone] += span.worked
                hidden_pause += span.pause
            else:
                kept.append(replace(span, pause=span.pause + hidden_pause))
                hidden_pause = 0
        runs = merge(kept, 0)
        merged = merge(runs, round(bounds.flicker_s * SECOND))
        found.flicker += len(runs) - len(merged)
        worked = sum(span.worked for span in merged)
        if merged and worked >= bounds.least_s * SECOND:
            found.sessions.append(merged)
        elif merged:
            found.left_out["short"] += worked
            found.short += 1
    return found


def _parted(spans: Sequence[Span], gap: int) -> Iterable[list[Span]]:
    """Hidden stretches are time at work, too: they do not part a session."""
    current: list[Span] = []
    for span in spans:
        pause = max(0, span.start - current[-1].end) if current else 0
        if pause > gap:
            yield current
            current, pause = [], 0
        current.append(replace(span, pause=pause))
    if current:
        yield current


def merge(spans: Iterable[Span], flicker: int) -> list[Span]:
    """Stretches that touch and show the same as one, those shorter than `flicker` microseconds given to a neighbour that
    they touch. How long one is shows once those of the same are joined: merge them with a flicker of 0 before."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found and span.start - found[-1].end <= _TOUCHING else None
        if last is None:
            found.append(span)
        elif span.shown == last.shown or span.worked < flicker:
            found[-1] = _joined(last, span, last.shown)
        elif last.worked < flicker:  # a beginning: whatever came before would have taken it
            found[-1] = _joined(last, span, span.shown)
        else:
            found.append(span)
    return found


def _joined(one: Span, other: Span, shown: Shown) -> Span:
    return replace(one, end=max(one.end, other.end), worked=one.worked + other.worked, shown=shown)
