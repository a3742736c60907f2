"""Offers, why they were withheld, and what counts for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from tactful.types import ProposalHistory, Record, Written, content_hash

LONGEST = 2_000
"""Characters of one offer."""
Made = Literal["offered", "withheld", "nothing"]
"""`offered`: it went out, or was tried to; `withheld`: it did not, see `check`; `nothing`: nobody proposed anything."""
MADE: tuple[Made, ...] = get_args(Made)
Check = Literal[
    "",
    "nothing",
    "proposer",
    "unscored",
    "acceptance",
    "taste",
    "killed",
    "muted",
    "repeated",
    "snoozed",
    "quiet",
    "busy",
    "cooldown",
    "new",
    "gap",
    "hour",
    "day",
    "shadow",
    "undelivered",
]
"""What kept an offer back; empty: nothing did. From `killed` to `shadow`: the checks of the delivery policy, in their order."""
CHECKS: tuple[Check, ...] = get_args(Check)
Reaction = Literal["", "accepted", "dismissed", "muted"]


class Candidate(Record):
    """Help that could be offered."""

    kind: str = Field(min_length=1, max_length=40)
    """A short name by which people mute it and tastes are learned."""
    text: str = Field(min_length=1, max_length=LONGEST)

    @property
    def key(self) -> str:
        """The same for the same offer."""
        return content_hash(f"{self.kind}\x1f{' '.join(self.text.lower().split())}")


class Offer(Written):
    """A decision about one window of events: what was proposed, whether it went out, and why not."""

    row_kind = "offers"

    id: str
    at: datetime
    user: str = ""
    """A hash of the person's name; empty: nobody said."""
    kind: str = ""
    text: str = ""
    """Kept while it waits or is new; afterwards only where texts are kept."""
    made: Made
    check: Check = ""
    reason: str = ""
    """In words, without any text of the person's."""
    until: datetime | None = None
    """From when on the check would no longer keep it back, where it can say."""
    waiting: bool = False
    """For the digest: withheld, not shown, and not lost."""
    times: int = Field(default=1, ge=1)
    """How often the same was decided in a row."""
    last_at: datetime | None = None
    """The last of these times; None: there is one."""
    p_accept: float | None = Field(default=None, ge=0, le=1)
    """The judge's probability that it is accepted; None: not judged."""
    p_own: float | None = Field(default=None, ge=0, le=1)
    """The same, moved by what this person did with offers of its kind."""
    threshold: float | None = None
    judge: str = ""
    proposer: str = ""
    history: ProposalHistory | None = None
    """What was known of earlier offers then."""
    reaction: Reaction = ""
    reacted_at: datetime | None = None


@dataclass(frozen=True)
class Silence:
    """Why an offer is kept back."""

    check: Check
    reason: str
    until: datetime | None = None
    waits: bool = False
    """It goes into the digest."""


@dataclass(frozen=True)
class Standing:
    """What counts for the next offer to one person."""

    killed: bool = False
    shown: tuple[datetime, ...] = ()
    """When offers went out in the last day, oldest first; those that did not arrive as well."""
    first_at: datetime | None = None
    """When the first one ever did."""
    repeats: Mapping[str, datetime] = field(default_factory=dict)
    """Key of what went out lately → when."""
    waiting: Mapping[str, datetime] = field(default_factory=dict)
    """Key of what waits for the digest → since when."""
    dismissed: int = 0
    """Offers dismissed in a row, up to now."""
    dismissed_at: datetime | None = None
    """The last of them."""
    quiet_until: Mapping[str, datetime | None] = field(default_factory=dict)
    """What the person asked for: kind (empty: everything) → until when; None: until they take it back."""
    busy: str = ""
    """What they are in, such as a call; empty: nothing."""
