"""What a proposer sees, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import Field

from tactful.errors import TactfulError
from tactful.live.delivery.types import Candidate
from tactful.types import Event, Moment, ProposalHistory, Record, content_hash

MOST_CANDIDATES = 8
"""Of one window; further ones are left out."""


class WatchSettings(Record):
    """How much is seen, and how often it is looked at."""

    events: int = Field(default=50, ge=1, le=2_000)
    """The latest of a person that are seen together."""
    minutes: float = Field(default=60.0, gt=0)
    """Older ones are not seen."""
    every_s: float = Field(default=5.0, ge=0)
    """Least time between two looks at one person's events."""
    timeout_s: float = Field(default=20.0, gt=0)
    """For proposing, and again for judging; later help is none."""
    at_once: int = Field(default=8, ge=1)
    """People who are looked after at the same time."""


class ProposerFailed(TactfulError):
    """Nobody knows what to propose; the text holds nothing of the events."""


@dataclass(frozen=True)
class Window:
    """What one person did lately."""

    user: str
    """A hash."""
    at: datetime
    events: tuple[Event, ...]
    """Oldest first."""
    fresh: int
    """How many of the last ones nobody has looked at yet."""
    history: ProposalHistory

    @property
    def session(self) -> str:
        """Person and day."""
        return f"{self.user}/{self.at:%Y%m%d}"

    def moment(self, proposal: str | None) -> Moment:
        """The same with a proposal, as judges read it."""
        id = content_hash(f"{self.session}\x1f{self.at.isoformat()}\x1f{proposal}")
        return Moment(
            id=id,
            session=self.session,
            user=self.user,
            events=self.events,
            proposal=proposal,
            history=self.history if self.history.shown else None,
        )

    def row(self) -> dict[str, Any]:
        """As a command gets it."""
        return {
            "user": self.user,
            "at": self.at.isoformat(),
            "fresh": self.fresh,
            "events": [{"time": one.time, "event": one.text} for one in self.events],
            "history": self.history.model_dump(),
        }


class Proposer(Protocol):
    """Says what could be offered."""

    name: str

    async def propose(self, window: Window) -> list[Candidate]:
        """What could be offered now, the best first; nothing is an answer too. Raises: ProposerFailed."""
        ...

    async def close(self) -> None:
        """Let go of what is open."""
        ...
