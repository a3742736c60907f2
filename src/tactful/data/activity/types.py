"""Records of activity logs."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from tactful.types import Event, Provenance, Written


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
