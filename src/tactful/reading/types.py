"""What is read, and what a reader says about it: probabilities, or that it does not know.

A reading is **known** (probabilities) or **not known** (none, and why). Not known is neither 0.5 nor "no": a policy
then takes the cheapest safe action, a judge abstains, a trainer leaves the row out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Protocol, Self, get_args

from pydantic import Field, model_validator

from tactful.errors import UsageError
from tactful.types import NEGATIVE, Gap, Label, Message, Moment, Record

Probability = Annotated[float, Field(ge=0, le=1)]
GAPS: tuple[Gap, ...] = get_args(Gap)
REACTIONS: tuple[str, ...] = tuple(Label)
"""The seven follow-up labels, in the order of every table and array."""
COMPLAINTS: frozenset[str] = NEGATIVE
BLANK = "the text is blank"
"""Why such a text is not known, by every reader."""


class Request(Record):
    """What a person wants done, with the turns before it."""

    text: str
    context: tuple[Message, ...] = ()
    """Earlier turns, oldest first; empty at the start of a conversation."""


def refuse_texts(requests: Sequence[Request] | str) -> None:
    """Raises: UsageError for a bare text, or anything else, where a `Request` is wanted."""
    for given in [requests] if isinstance(requests, str) else requests:
        if not isinstance(given, Request):
            raise UsageError(
                f"{str(given)[:60]!r} is no request; write [Request(text='…')], from tactful.reading"
            )


class Exchange(Record):
    """One question and answer, and what the person wrote next."""

    query: str
    answer: str
    next: str


class Missing(Record):
    """One thing that a request leaves open."""

    kind: Gap
    p: Probability
    """Probability that something of this kind is missing; higher = surer."""
    what: str = ""
    """In words, where the reader can say it (prompted readers); empty otherwise."""


class Need(Record):
    """Does this request need a question? `need` None: not known, for the reason in `unknown`."""

    need: Probability | None
    """Probability that answering at once would go against what the person wanted and no stated default would do."""
    missing: tuple[Missing, ...] = ()
    """The likeliest first; empty when nothing is likely to be missing, or the reader cannot tell."""
    critical: Probability | None = None
    """Probability that what is missing decides the outcome, if anything is; None where the reader cannot tell."""
    unknown: str = ""

    @model_validator(mode="after")
    def _known_or_why(self) -> Self:
        _known_or_why(self.need, self.unknown)
        return self


class ReactionReading(Record):
    """What the next message says about the answer. `probabilities` None: not known, for the reason in `unknown`."""

    probabilities: Mapping[str, float] | None
    """Label → probability; sums to 1."""
    complaint: Probability | None = None
    """Probability that it complains: the three negative labels together."""
    unknown: str = ""

    @model_validator(mode="after")
    def _known_or_why(self) -> Self:
        _known_or_why(self.probabilities, self.unknown)
        return self

    @property
    def label(self) -> str | None:
        """The likeliest label; None when not known."""
        chances = self.probabilities
        return None if chances is None else max(chances, key=chances.__getitem__)


def reaction_of(shares: Iterable[float]) -> ReactionReading:
    """The reading with these probabilities, one for each of `REACTIONS`, in their order."""
    said = dict(zip(REACTIONS, map(float, shares), strict=True))
    complaint = sum(share for label, share in said.items() if label in COMPLAINTS)
    return ReactionReading(probabilities=said, complaint=min(1.0, complaint))  # rounding may pass 1


class OfferReading(Record):
    """Would this person want this offer (or this silence) now? `accept` None: not known, see `unknown`."""

    accept: Probability | None
    unknown: str = ""

    @model_validator(mode="after")
    def _known_or_why(self) -> Self:
        _known_or_why(self.accept, self.unknown)
        return self


def _known_or_why(value: object, unknown: str) -> None:
    if value is None and not unknown:
        raise ValueError("a reading without probabilities must say in 'unknown' why")


class Reader(Protocol):
    """Turns text in its context into calibrated probabilities. Every list comes back in the order it was given."""

    @property
    def name(self) -> str:
        """As tables, records and cards name it."""
        ...

    async def needs(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question? Raises: ProviderError, when a model stays out of reach."""
        ...

    async def reactions(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        ...

    async def offers(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed at each moment?"""
        ...


class ReaderAtOnce(ABC):
    """A reader that waits for nothing: `…_now` reads, and the coroutines of a `Reader` are the same."""

    instant: ClassVar[bool] = False
    """It reads in microseconds: whoever must not be held up may ask it on the spot."""

    @property
    @abstractmethod
    def name(self) -> str:
        """As tables, records and cards name it."""

    @abstractmethod
    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""

    @abstractmethod
    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""

    @abstractmethod
    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed, or the silence, at each moment?"""

    async def needs(self, requests: Sequence[Request]) -> list[Need]:
        """As `needs_now`."""
        return self.needs_now(requests)

    async def reactions(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """As `reactions_now`."""
        return self.reactions_now(exchanges)

    async def offers(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """As `offers_now`."""
        return self.offers_now(moments)
