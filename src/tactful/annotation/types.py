"""What is judged, what is answered, and what is kept of it: items, answers, annotations.

One item is one screen. Its answer may hold several votes: of a moment with three proposals, one on each of them, and one
on whether help was wanted at all. Votes are what agreement and labels are made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import Field, JsonValue

from tactful.types import Event, Label, Message, Record, Written

Kind = Literal["proposals", "replies", "follow-up", "asking"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Question = Literal["accepted", "help_wanted", "better", "label", "verdict"]
"""What one vote is about: a proposal; whether help was wanted; which reply is better; what the next message says; whether
the assistant should have asked."""
QUESTIONS: tuple[Question, ...] = get_args(Question)
Better = Literal["first", "second", "tie"]
Verdict = Literal["ask", "act", "either"]
Value = bool | str
"""Of a vote: true or false, or the name of the choice."""


# ---------------------------------------------------------------- what is shown


class Proposals(Record):
    """A moment of someone's work, and what an assistant would offer there."""

    kind: Literal["proposals"] = "proposals"
    events: tuple[Event, ...] = Field(min_length=1)
    """Oldest first; the last one has just happened."""
    candidates: tuple[str, ...] = ()
    """The help that could be offered, each to be accepted or not; empty: only whether help was wanted is asked."""


class Replies(Record):
    """Two replies to one conversation."""

    kind: Literal["replies"] = "replies"
    messages: tuple[Message, ...] = Field(min_length=1)
    """Oldest first, up to the message that both answer."""
    first: str
    second: str


class FollowUp(Record):
    """One exchange, and what the user wrote next."""

    kind: Literal["follow-up"] = "follow-up"
    context: tuple[Message, ...] = ()
    """Earlier turns, oldest first."""
    request: str
    answer: str
    next: str


class Asking(Record):
    """A conversation up to a request: should the assistant ask before it acts?"""

    kind: Literal["asking"] = "asking"
    messages: tuple[Message, ...] = Field(min_length=1)
    """Oldest first; the last one is the user's."""


Shown = Annotated[Proposals | Replies | FollowUp | Asking, Field(discriminator="kind")]


# ---------------------------------------------------------------- what is answered


class ProposalsAnswer(Record):
    """Of `Proposals`."""

    kind: Literal["proposals"] = "proposals"
    accepted: tuple[bool, ...]
    """One for each candidate, in the item's order whatever order they were shown in."""
    help_wanted: bool | None
    """Whether the person would have wanted help at this moment, whatever was offered; None only in votes that were
    collected elsewhere, without this question: here it is always asked."""

    def votes(self) -> Iterator[tuple[str, Question, Value]]:
        """(part of the item, question, value) of each vote."""
        for place, accepted in enumerate(self.accepted):
            yield str(place), "accepted", accepted
        if self.help_wanted is not None:
            yield "", "help_wanted", self.help_wanted


class RepliesAnswer(Record):
    """Of `Replies`."""

    kind: Literal["replies"] = "replies"
    better: Better
    """By the item's own order, whatever side they were shown on."""

    def votes(self) -> Iterator[tuple[str, Question, Value]]:
        """(part of the item, question, value) of the one vote."""
        yield "", "better", self.better


class FollowUpAnswer(Record):
    """Of `FollowUp`."""

    kind: Literal["follow-up"] = "follow-up"
    label: Label

    def votes(self) -> Iterator[tuple[str, Question, Value]]:
        """(part of the item, question, value) of the one vote."""
        yield "", "label", self.label.value


class AskingAnswer(Record):
    """Of `Asking`."""

    kind: Literal["asking"] = "asking"
    verdict: Verdict
    what: str = ""
    """What to ask, in the annotator's words; empty: not said."""

    def votes(self) -> Iterator[tuple[str, Question, Value]]:
        """(part of the item, question, value) of the one vote."""
        yield "", "verdict", self.verdict


Answer = Annotated[
    ProposalsAnswer | RepliesAnswer | FollowUpAnswer | AskingAnswer, Field(discriminator="kind")
]


# ---------------------------------------------------------------- what is kept


class Item(Written):
    """One screen: what annotators are shown, and what they are not."""

    row_kind = "annotation-items"

    id: str = Field(min_length=1)
    """Follows from what is shown and where it is from: the same row, given again, is the same item."""
    session: str = Field(min_length=1)
    """The recording, task, user or conversation that it is part of: splits and intervals go by it."""
    setting: str = ""
    """`coding`, `writing`, `daily`, `planning`, …; empty: not known."""
    lang: str = ""
    shown: Shown
    source: str = ""
    """Name of the file or run that it was read from."""
    origin: Mapping[str, JsonValue] = {}
    """What its row held beside, never shown to an annotator: what an export needs to write it again in its own form."""
    gold: Answer | None = None
    """The answer that is known to be right, for items that watch over annotators; never shown to one."""
    acceptance: float | None = Field(default=None, ge=0, le=1)
    """P(accepted) by a reward model, where one ordered the items: the nearer to ½, the surer it is to be shown."""

    @property
    def kind(self) -> Kind:
        """Which of the four."""
        return self.shown.kind


class Annotation(Written):
    """One answer of one annotator: a row of what is exported. Nothing that was answered is ever removed."""

    row_kind = "annotations"

    id: str
    item: str
    """The item's id."""
    kind: Kind
    session: str
    setting: str = ""
    annotator: str
    """A UUID; names stay in the database."""
    answer: Answer | None = None
    """None: skipped."""
    skipped: str = ""
    """Why, where it was."""
    comment: str = ""
    seconds: float = Field(default=0.0, ge=0)
    """From when the item was shown until it was answered, at most the length of a lease; 0: not known."""
    answered_at: datetime
    withdrawn_at: datetime | None = None
    """When the annotator undid it; such an answer is kept and counts nowhere."""
    repeat: bool = False
    """The same annotator had answered this item before, unknowingly: for self-consistency alone."""
    gold: bool = False
    """The item's answer is known."""
    order: tuple[int, ...] = ()
    """The candidates or replies, by their place in the item, in the order in which they were shown."""
    probability: float | None = Field(default=None, gt=0, le=1)
    """With which the item came to be annotated, where a reward model's uncertainty chose; None: everything is annotated
    alike. Weight by its inverse, and estimates over all items stay unbiased."""

    @property
    def counts(self) -> bool:
        """Whether it is a vote on its item: answered, not withdrawn, the annotator's first."""
        return self.answer is not None and self.withdrawn_at is None and not self.repeat


class Adjudication(Written):
    """What whoever looked at a disagreement decided. The votes stay as they are."""

    row_kind = "adjudications"

    item: str
    answer: Answer
    by: str
    """A UUID."""
    at: datetime
    note: str = ""
