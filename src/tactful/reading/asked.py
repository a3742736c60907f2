"""What all readers that ask a model share: many texts at a time, failures that are "not known", the user's calibration."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from tactful.errors import ParseError, ProviderError, StopRun
from tactful.llm import ChatModel
from tactful.llm.judging import each
from tactful.prompts import Prompt
from tactful.reading.kinds import judged_text
from tactful.reading.setup import ReaderSetup
from tactful.reading.types import (
    BLANK,
    REACTIONS,
    Exchange,
    Need,
    OfferReading,
    ReactionReading,
    Request,
    reaction_of,
)
from tactful.types import Moment

if TYPE_CHECKING:
    from tactful.reading.fit import HeadFit, ReaderFit

T = TypeVar("T")
R = TypeVar("R")


class Unread(Exception):
    """This text cannot be read, for the reason told; the reading says "not known"."""


class AskedReader(ABC):
    """A `Reader` that asks a model, which the caller closes, text by text. A text that gets no usable answer is not
    known, with the reason.

    Raises, from every judgement: EndpointRefused and BudgetSpent, since no other text would fare better.
    """

    asks_with: ClassVar[tuple[Prompt, ...]]

    def __init__(self, model: ChatModel, spec: str, setup: ReaderSetup, fit: ReaderFit | None) -> None:
        self.model = model
        self.spec = spec
        """As fits and tables name it."""
        self.setup = setup
        self.fit = fit
        self.prompts = {prompt.prompt_id: prompt.hash for prompt in self.asks_with}
        """Prompt → hash."""
        self.seconds: list[float] = []
        """How long each text that was read took, waiting for its turn left out."""
        self.runs = 0
        """Programs run in the sandbox so far."""

    @property
    def name(self) -> str:
        """What it asks, and the fingerprint of its calibration."""
        return f"{self.spec} calibrated {self.fit.content_hash[:8]}" if self.fit else self.spec

    @abstractmethod
    async def need(self, request: Request) -> Need:
        """One request, as read. Raises: Unread, ParseError, ProviderError, StopRun."""

    @abstractmethod
    async def reaction(self, exchange: Exchange) -> Mapping[str, float]:
        """Label → probability of one exchange, as read. Raises: as `need`."""

    @abstractmethod
    async def offer(self, moment: Moment) -> float:
        """Probability that the offer, or the silence, is welcome, as read. Raises: as `need`."""

    async def needs(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""

        async def one(request: Request) -> Need:
            _refuse_blank(request.text)
            found = await self.need(request)
            head = self._fitted("need")
            if head is None or found.need is None:
                return found
            p = head.calibrated([1 - found.need, found.need], request.text)[1]
            return found.model_copy(update={"need": p})

        return await self._each(requests, one, lambda why: Need(need=None, unknown=why))

    async def reactions(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""

        async def one(exchange: Exchange) -> ReactionReading:
            _refuse_blank(exchange.next)
            found = await self.reaction(exchange)
            shares = [found[label] for label in REACTIONS]
            if (head := self._fitted("reaction")) is not None:
                shares = head.calibrated(shares, exchange.next)
            return reaction_of(shares)

        return await self._each(exchanges, one, lambda why: ReactionReading(probabilities=None, unknown=why))

    async def offers(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed, or the silence, at each moment?"""

        async def one(moment: Moment) -> OfferReading:
            if moment.proposal is not None:
                _refuse_blank(moment.proposal)
            p = await self.offer(moment)
            if (head := self._fitted("silence" if moment.proposal is None else "accept")) is not None:
                p = head.calibrated([1 - p, p], judged_text(moment))[1]
            return OfferReading(accept=p)

        return await self._each(moments, one, lambda why: OfferReading(accept=None, unknown=why))

    async def aclose(self) -> None:
        """Close what the reader opened itself; the model is the caller's."""
        return

    def _fitted(self, head: str) -> HeadFit | None:
        return None if self.fit is None else self.fit.heads.get(head)

    async def _each(
        self, items: Sequence[T], read: Callable[[T], Awaitable[R]], unknown: Callable[[str], R]
    ) -> list[R]:
        async def work(item: T) -> R:
            began = time.perf_counter()
            try:
                found = await read(item)
            except Unread as error:
                return unknown(str(error))
            except ParseError as error:
                return unknown(f"unreadable: {error}")
            except ProviderError as error:
                return unknown(f"{error.outcome}: {error}")
            self.seconds.append(time.perf_counter() - began)
            return found

        return await each(items, work, self.setup.concurrency)


def usable(drawn: Sequence[T | BaseException], least: float) -> list[T]:
    """The draws that succeeded, of all for one text.

    Raises: what is no failure of a single draw (StopRun and the like); the first failure, when fewer than `least`
    succeeded.
    """
    failed = [one for one in drawn if isinstance(one, BaseException)]
    for one in failed:
        if isinstance(one, StopRun) or not isinstance(one, ParseError | ProviderError):
            raise one
    said = [one for one in drawn if not isinstance(one, BaseException)]
    if failed and len(said) < least:
        raise failed[0]
    return said


def _refuse_blank(text: str) -> None:
    if not text.strip():
        raise Unread(BLANK)
