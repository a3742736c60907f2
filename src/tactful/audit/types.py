"""What is looked at, one answer in its place, and what is found out about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from tactful.types import Message, NativeAsk, Rating, Written

Reason = Literal["already said", "just do it", "a default would do", "answered with annoyance", "unanswered"]
"""Why a question was needless."""
Subject = Literal["being asked", "a wrong guess", "an ignored constraint", "an error", "something else"]
"""What a complaint is about."""
REASONS: tuple[Reason, ...] = get_args(Reason)
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
Probability = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Passage:
    """One turn of the assistant, with the request before it and what the user wrote next."""

    conversation: str
    turn: int
    """Its place among the turns of user and assistant, from 0."""
    first: bool
    """It answers the first request of the conversation, or the first of a new matter in it."""
    request: str
    context: tuple[Message, ...]
    """The latest turns before the request, oldest first."""
    earlier: str
    """What the user had said by then, the request included."""
    answer: str
    questions: tuple[str, ...]
    """What it asks the user; empty: it does not ask."""
    ask: NativeAsk | None
    reply: str | None
    """None: the log ends with the assistant's turn."""
    ratings: tuple[Rating, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether it asks the user something that it needs to know."""
        return bool(self.questions)

    @property
    def id(self) -> str:
        """Of the turn in its log."""
        return f"{self.conversation}#{self.turn}"


class Finding(Written):
    """What is found out about one passage. Probabilities are None where they could not be judged."""

    row_kind = "findings"

    conversation: str
    turn: int
    asked: bool
    need: Probability | None = None
    """That the request needed a question; None also where nobody had to know."""
    needless: Probability | None = None
    """That its question was needless; None where it did not ask."""
    reason: Reason | None = None
    complaint: Probability | None = None
    """That the user complains next."""
    guess: Probability | None = None
    """That it guessed what only the user could tell, and the user says so."""
    subject: Subject | None = None
    """Of the complaint."""
    unjudged: str = ""
    """Why something could not be judged; empty: all could."""

    @classmethod
    def of(cls, passage: Passage, **found: Any) -> Finding:
        """What is found out about this passage."""
        return cls(conversation=passage.conversation, turn=passage.turn, asked=passage.asked, **found)

    @property
    def is_needless(self) -> bool:
        """Its question was rather needless than not."""
        return self.needless is not None and self.needless >= 0.5

    @property
    def is_guess(self) -> bool:
        """It guessed, rather than not."""
        return self.guess is not None and self.guess >= 0.5

    @property
    def is_complaint(self) -> bool:
        """The user rather complains than not."""
        return self.complaint is not None and self.complaint >= 0.5
