"""People at work: events, what may be offered at a moment, and what they said about it."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from tactful.types.base import Private, Record


class Event(Record):
    """One timestamped fact about the user's work."""

    at: datetime | None = None
    """Aware UTC; None when the source gives no readable time. Clocks jump: a later event may bear an earlier time."""
    text: str = Field(min_length=1)
    time: str = ""
    """The time as the source wrote it."""


class ProposalHistory(Record):
    """What this user did with the proposals shown before this moment. Known at the moment, never after it."""

    shown: int = Field(default=0, ge=0)
    accepted: int = Field(default=0, ge=0)
    since_last_s: float | None = Field(default=None, ge=0)
    """Seconds since the last proposal was shown; None when none was."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.accepted > self.shown:
            raise ValueError(f"accepted {self.accepted} of {self.shown} shown; it cannot exceed them")
        return self


class Moment(Record):
    """A point at which the assistant may speak: what it has seen, and what it proposes (None = silence)."""

    id: str = Field(min_length=1)
    session: str = Field(min_length=1)
    """The recording that this moment is part of: splits, calibration and intervals go by it."""
    user: str = ""
    events: tuple[Event, ...] = Field(min_length=1)
    """The observation, oldest first; the last one has just happened."""
    proposal: str | None
    """The help offered; None = silence."""
    history: ProposalHistory | None = None
    """None when nothing is known about earlier proposals."""


class MomentLabel(Private):
    """What people said about a moment."""

    accepted: bool
    """The verdict: the proposal was welcome, or the silence was right."""
    help_needed: bool | None = None
    """Whether help was wanted at this moment, whatever was proposed; None when nobody said."""
    votes: tuple[bool, ...] = ()
    """One per annotator: accepted or not; empty when only the verdict is known."""
    p_accepted: float | None = Field(default=None, ge=0, le=1)
    """How surely people accept it, where a rule that knows more than the votes said so: how good its annotators are, or
    who decided a disagreement. A reward model learns it in place of the votes' share."""
    judge: str = ""
    """Who said it where no person did: `user` (a simulated one), a model's name, or `reward:` and the fingerprint of a
    trained one; empty: people. A judge is not measured by its own word."""


class LabelledMoment(Record):
    """A moment and what people said about it."""

    moment: Moment
    label: MomentLabel

    @property
    def category(self) -> str:
        """`missed-need`, `correct-silence`, `hit` or `false-alarm`: the four of ProactiveBench, by our glossary."""
        if self.moment.proposal is None:
            return "correct-silence" if self.label.accepted else "missed-need"
        return "hit" if self.label.accepted else "false-alarm"
