"""A log as decision points: what a policy would have seen, what was done, and what followed."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from tactful.types import Message, PublicState, Record

Outcome = Literal[
    "welcome", "needless", "rejected", "left", "fine", "guess", "faulty", "not judged", "nothing said next"
]
"""What followed. Of a question: welcome (answered, and needed), needless (answered, though nobody had to ask), rejected,
left (nobody answered). Of an answer: fine, guess (a wrong one), faulty (another complaint). Of both: not judged; of an
answer at the end of its log: nothing said next."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
UNKNOWN: frozenset[Outcome] = frozenset({"not judged", "nothing said next"})
RIGHT: frozenset[Outcome] = frozenset({"welcome", "fine", "faulty"})
"""Asking, or answering, was right."""
Link = Literal["regenerated", "needless question", "complaint"]


class LoggedTurn(Record):
    """One turn of the assistant as a decision: to ask, or to answer at once."""

    state: PublicState
    """What a policy sees; `query` is the request at hand, shortened."""
    turn: int
    """Its place among the turns of user and assistant, from 0."""
    asked: bool
    questions: tuple[str, ...] = ()
    outcome: Outcome
    reason: str = ""
    """Of a needless question, why; of a complaint, its subject."""
    sure: float = Field(default=0.0, ge=0, le=1)
    """Probability of the outcome's being good or bad as it says; 0 where it was not judged."""
    answer: str
    """What was said, shortened."""
    reply: str
    """What the user wrote next, shortened; empty: nothing."""
    propensity: float | None = Field(default=None, gt=0, le=1)
    """Probability with which the log's own policy did what was done; None: the log does not tell."""

    @property
    def id(self) -> str:
        """Of the turn in its log."""
        return self.state.id

    @property
    def right(self) -> float | None:
        """1 where asking, or answering, was right; 0 where it was not; None where nobody knows, as of a question about an open
        request with which the log ends."""
        unknown = self.outcome in UNKNOWN or (self.outcome == "left" and not self.reply and not self.sure)
        return None if unknown else float(self.outcome in RIGHT)


class PairAt(Record):
    """A better and a worse answer at one place of a conversation."""

    id: str
    end: int
    """The prompt is the conversation's messages up to here."""
    told: str = ""
    """What the user told only after the worse answer; it joins the last message of the prompt."""
    chosen: str
    rejected: str
    link: Link


class AnswerAt(Record):
    """An answer that was wanted, or was not."""

    id: str
    end: int
    answer: str
    wanted: bool


class LoggedTalk(Record):
    """One conversation, judged."""

    id: str
    user: str
    """A hash; empty: the log names nobody."""
    messages: tuple[Message, ...]
    turns: tuple[LoggedTurn, ...]
    pairs: tuple[PairAt, ...] = ()
    answers: tuple[AnswerAt, ...] = ()
    left_out: tuple[str, ...] = ()
    """Why turns gave no training row, one word each."""

    @property
    def group(self) -> str:
        """What intervals and splits go by."""
        return f"user {self.user}" if self.user else self.id
