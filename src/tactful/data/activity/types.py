"""Records of activity logs. Times inside the room are whole microseconds since 1970, so that sums are exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from tactful.types import Event, Provenance, Written

Kind = Literal["window", "away", "web", "editor"]
Gone = Literal["", "private", "denied", "blank", "locked"]
"""Why nothing of an event is told: a private window, the deny list, nothing in it, a locked screen; empty: it is told."""
SECOND = 1_000_000


class WorkSession(Written):
    """One stretch of real work at a machine, from when somebody sat down to when they left; redacted."""

    row_kind = "work-sessions"

    id: str = Field(min_length=1)
    """`<user>/<UTC start>`"""
    user: str = ""
    """A hash for the machine that was worked at; splits go by it or by the session."""
    lang: str = "en"
    """Of the sentences: `en` or `zh`."""
    started_at: datetime
    ended_at: datetime
    active_s: float = Field(ge=0)
    """Seconds worked: the sum of `lasted_s`; pauses inside are not counted."""
    events: tuple[Event, ...] = Field(min_length=1)
    """Oldest first; never one before `started_at`."""
    lasted_s: tuple[float, ...]
    """Seconds worked at what each event tells; 0 where it tells of a pause."""
    provenance: Provenance | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.lasted_s) != len(self.events):
            raise ValueError(
                f"{len(self.lasted_s)} lasted_s for {len(self.events)} events; give one for each"
            )
        return self


@dataclass(frozen=True, slots=True)
class RawEvent:
    """An event as the log has it. Only `redacting/` looks into `data`."""

    kind: Kind
    start: int
    end: int
    """Not before `start`; the same where the log has no duration."""
    data: Mapping[str, Any]

    def text(self, key: str) -> str:
        """What stands under a key of `data`; empty where that is no text."""
        value = self.data.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of an event may be told. All texts are redacted; what is not known, or hidden, is empty."""

    app: str = ""
    title: str = ""
    """Of the window or the page."""
    site: str = ""
    """Host and path of the page, without query."""
    file: str = ""
    """Its name, without folders."""
    project: str = ""
    language: str = ""
    search: bool = False
    """The page lists what was searched for."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A redacted event."""

    kind: Kind
    start: int
    end: int
    shown: Shown = Shown()
    gone: Gone = ""
    away: bool = False
    """Of the kind `away`: whether nobody was there."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time spent on one thing."""

    start: int
    end: int
    shown: Shown
    gone: Gone = ""
    worked: int = 0
    """Microseconds; less than `end - start` where short gaps lie inside."""
    pause: int = 0
    """Microseconds before it in which nothing was recorded, or nobody was there."""
