"""A reader that says what a test needs: a request with "somehow" needs a question; a reply with "stop" complains."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tactful.reading.types import (
    Exchange,
    Missing,
    Need,
    OfferReading,
    ReactionReading,
    ReaderAtOnce,
    Request,
)
from tactful.types import Message, Moment

OPEN, CLEAR = "Plan my trip somehow.", "Translate 'good morning' into French."
QUESTION = "What is your budget?"
ANSWERS, REJECTS = "500 euros, for two people.", "Stop asking and just do it!"


class Scripted(ReaderAtOnce):
    """Reads the words above. `fails`: raises instead; `waits_s`: takes so long."""

    def __init__(self, *, fails: bool = False, waits_s: float = 0.0) -> None:
        self.fails, self.waits_s = fails, waits_s

    @property
    def name(self) -> str:
        return "scripted"

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        time.sleep(self.waits_s)
        if self.fails:
            raise RuntimeError("secret words of a person")
        gap = (Missing(kind="constraint", p=0.9),)
        return [Need(need=0.9, missing=gap) if "somehow" in one.text else Need(need=0.05) for one in requests]

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        return [
            ReactionReading(probabilities={"x": 1.0}, complaint=0.95 if "stop" in one.next.lower() else 0.03)
            for one in exchanges
        ]

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        return [OfferReading(accept=0.5)] * len(moments)


def said(*texts: str) -> list[Message]:
    """A conversation, the user first."""
    return [Message(role=("user", "assistant")[at % 2], content=text) for at, text in enumerate(texts)]
