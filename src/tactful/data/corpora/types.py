"""Labelled texts that readers learn from: requests, follow-ups and moments, each with who wrote it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tactful.types import Gap, LabelledMoment, Message, Private, Record


class GapLabel(Private):
    """One thing that an open request lacks."""

    kind: Gap
    critical: bool = False
    """The result is useless or harmful if it is guessed wrong."""
    what: str = ""


class _TextRow(Record):
    """What every labelled text has."""

    id: str
    group: str
    """Contrast group: its texts differ in the one essential thing. Splits never part it."""
    writer: str
    """Splits and intervals go by it: held-out means another writer."""
    lang: str
    domain: str
    context: tuple[Message, ...] = ()


class RequestRow(_TextRow):
    """A request, and whether it needs a question (`docs/reading.md` has the definition)."""

    text: str = Field(min_length=1)
    label: Literal["open", "complete"]
    missing: tuple[GapLabel, ...] = ()


class FollowUpRow(_TextRow):
    """An exchange and what the person wrote next, with one of the seven labels."""

    q_t: str
    a_t: str
    user_next: str
    label7: str
    accept: tuple[str, ...] = ()
    """Further labels that are tolerable."""


class MomentRow(Record):
    """A labelled moment with its writer."""

    writer: str
    lang: str
    domain: str
    reason: str = ""
    """Why an offer is unwelcome: nonsense, unrelated, redundant, wrong, badtime, vague, trivial, annoyed."""
    labelled: LabelledMoment
