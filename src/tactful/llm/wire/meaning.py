"""What a response can mean: a usable answer, or a trouble with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from tactful.llm.types import Outcome, Usage


class Next(Enum):
    """What the caller does about a response that is no answer."""

    LONGER = auto()
    AGAIN = auto()
    PAUSE = auto()
    RETRY = auto()
    FAIL = auto()
    STOP = auto()


class Answer(NamedTuple):
    """A usable response."""

    text: str
    """What was said, without thoughts."""
    finish_reason: str
    """As the endpoint names it."""
    model: str
    usage: Any
    """As the endpoint reports it: not to be trusted yet."""
    thoughts: str = ""
    """What stood in the text as thoughts, else the reasoning that the endpoint reports beside it."""
    ended: bool = True
    """The model came to an end; False where `finish_reason` is none that we know."""


class Answered(NamedTuple):
    """A usable answer with its raw body and what it cost."""

    answer: Answer
    body: bytes
    usage: Usage


@dataclass(frozen=True, slots=True)
class Trouble:
    """A response that is no answer."""

    outcome: Outcome
    then: Next
    message: str
    text: str = ""
    usage: Any = None
    paid: bool = False
    """The endpoint did work that it may charge for."""
    wait_s: float | None = None
    """What the endpoint asks to wait, in a header or in words."""
    status: int = 200
    fix: str = ""
    """What to do about it, where the status alone does not tell."""
    at_first_contact: bool = False
    """Stops the run, with `fix`, where the endpoint has not answered anything yet: the address is wrong."""
