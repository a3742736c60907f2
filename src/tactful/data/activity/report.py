"""What an import did: what was read, what was cut, what was left out, and how the sessions are. No content, counts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tactful.data.activity.sources.buckets import Reading
from tactful.data.activity.types import SECOND, WorkSession

QUANTILES = (0.1, 0.5, 0.9, 0.99)
_HOUR = 3600 * SECOND


@dataclass
class Statistics:
    """Of sessions."""

    sessions: int = 0
    events: int = 0
    active_us: int = 0
    gaps_s: list[float] = field(default_factory=list)
    """Seconds from each event to the next one of its session."""

    def add(self, sessions: Iterable[WorkSession]) -> None:
        """Count sessions."""
        for session in sessions:
            self.sessions += 1
            self.events += len(session.events)
            self.active_us += round(session.active_s * SECOND)
            times = [event.at for event in session.events if event.at is not None]
            self.gaps_s += [(after - before).total_seconds() for before, after in pairwise(times)]

    @property
    def hours(self) -> float:
        """Worked, pauses not counted."""
        return self.active_us / _HOUR

    def quantiles(self) -> dict[str, float]:
        """Share → seconds between events that so many gaps do not exceed; empty where there is no gap."""
        import numpy as np

        if not self.gaps_s:
            return {}
        found = np.quantile(np.asarray(self.gaps_s), QUANTILES)
        return {f"{share:g}": round(float(value), 3) for share, value in zip(QUANTILES, found, strict=True)}


@dataclass
class ImportReport:
    """What an import did. In hours, `recorded` = the sessions' + those that were left out."""

    reading: Reading
    machines: int = 0
    recorded: int = 0
    """Microseconds that the log's windows cover."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why → microseconds: `away`, `private`, `denied`, `blank`, `short`; `untold`: a model failed to tell it, or --limit ended before."""
    cut: Counter[str] = field(default_factory=Counter)
    """Kind → how often it was cut from a text; `private` and `denied`: events that were dropped whole."""
    flicker: int = 0
    short: int = 0
    statistics: Statistics = field(default_factory=Statistics)

    def retold(
        self, known: Iterable[WorkSession], answered: Iterable[WorkSession], told: Sequence[WorkSession]
    ) -> None:
        """Count anew after a model told the sessions: of `known` those of `answered`, but for what it held that is denied."""
        self.statistics = Statistics()
        self.statistics.add(told)
        kept, came = {session.id for session in told}, {session.id for session in answered}
        for session in known:
            if session.id not in kept:
                why = "denied" if session.id in came else "untold"
                self.left_out[why] += round(session.active_s * SECOND)

    def counts(self) -> dict[str, Any]:
        """All of it as plain data."""
        read, found = self.reading, self.statistics
        return {
            "sessions": found.sessions,
            "events": found.events,
            "hours": round(found.hours, 4),
            "gap_s": found.quantiles(),
            "machines": self.machines,
            "hours_recorded": round(self.recorded / _HOUR, 4),
            "hours_left_out": {why: round(time / _HOUR, 4) for why, time in _sorted(self.left_out)},
            "cut": dict(_sorted(self.cut)),
            "short_switches_merged": self.flicker,
            "short_sessions": self.short,
            "buckets": dict(_sorted(read.buckets)),
            "other_buckets": read.other_buckets,
            "rows": read.read,
            "bad": read.bad,
            "bad_because": dict(_sorted(read.reasons)),
            "problems": list(read.problems),
            "without_zone": read.without_zone,
        }


def _sorted(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return sorted(
        ((key, count) for key, count in counts.items() if count), key=lambda pair: (-pair[1], pair[0])
    )
