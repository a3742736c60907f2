"""A reader that asks a model, opened when it reads: for scripts and commands, with or without an event loop."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from tactful.errors import UserError
from tactful.llm import Budget, CallCache, ChatModel, Usage, metered, open_model
from tactful.prompts import Prompt
from tactful.reading.asked import AskedReader
from tactful.reading.fit import ReaderFit, load_fit
from tactful.reading.setup import AskedName, ReaderSetup, asked_name, spec_for
from tactful.reading.types import (
    Exchange,
    Need,
    OfferReading,
    ReactionReading,
    ReaderAtOnce,
    Request,
    refuse_texts,
)
from tactful.types import Moment

T = TypeVar("T")
R = TypeVar("R")


class ReaderByCalls(ReaderAtOnce):
    """Opens its model for each batch and closes it afterwards; budget and usage go on over batches.

    Raises, from every judgement: UserError (no key, no such endpoint), EndpointRefused, BudgetSpent.
    """

    def __init__(self, name: str, setup: ReaderSetup | None = None) -> None:
        setup = setup or ReaderSetup()
        place = Path(name)
        self.fit: ReaderFit | None = None
        if place.is_dir():
            self.fit = load_fit(place)
            setup = setup.model_copy(
                update={
                    "base_url": setup.base_url or self.fit.base_url,
                    "api_key_env": self.fit.api_key_env
                    if setup.api_key_env == ReaderSetup().api_key_env
                    else setup.api_key_env,
                    "samples": self.fit.samples,
                    "temperature": self.fit.temperature if setup.temperature is None else setup.temperature,
                }
            )
        self.asked: AskedName = asked_name(self.fit.reader if self.fit else name)
        self.setup = setup
        self.spec = spec_for(self.asked, setup)
        self.usage = Usage()
        """What reading has cost so far."""
        self.seconds: list[float] = []
        """How long each text that was read took."""
        self.runs = 0
        """Programs run in the sandbox."""
        self._place = place
        self._budget = Budget(setup.budget_usd, setup.budget_tokens)

    @property
    def name(self) -> str:
        """What it asks, and the fingerprint of its calibration; of the offline model, that it rehearses."""
        said = self.asked.named
        return f"{said} calibrated {self.fit.content_hash[:8]}" if self.fit else said

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """What it asks with."""
        return _way_of(self.asked).asks_with

    def over(self, model: ChatModel) -> AskedReader:
        """The reader on a model that somebody else opened, and closes. Raises: DataError, fitted for other prompts."""
        reader = _way_of(self.asked)(model, self.asked.said, self.setup, self.fit)
        if self.fit is not None:
            self.fit.check(reader.prompts, self._place)
        return reader

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[AskedReader]:
        """The reader with its model open. Raises: UserError, DataError (fitted for other prompts)."""
        async with AsyncExitStack() as stack:
            cache = None
            if self.setup.cache is not None:
                cache = stack.enter_context(CallCache(self.setup.cache))
            try:
                model = open_model(self.spec, cache=cache, budget=self._budget)
            except UserError as error:
                raise type(error)(f"reader '{self.asked.said}' asks a model of that name: {error}") from error
            stack.push_async_callback(model.aclose)
            reader = self.over(model)
            stack.push_async_callback(reader.aclose)
            meter = stack.enter_context(metered())
            try:
                yield reader
            finally:
                self.usage += meter.usage
                self.seconds += reader.seconds
                self.runs += reader.runs

    async def needs(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""
        refuse_texts(requests)
        return await self._read(requests, AskedReader.needs)

    async def reactions(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        return await self._read(exchanges, AskedReader.reactions)

    async def offers(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed, or the silence, at each moment?"""
        return await self._read(moments, AskedReader.offers)

    async def _read(
        self, items: Sequence[T], by: Callable[[AskedReader, Sequence[T]], Awaitable[list[R]]]
    ) -> list[R]:
        if not items:
            return []
        async with self.opened() as reader:
            return await by(reader, items)

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """As `needs`; in a thread of its own where an event loop runs."""
        return _at_once(self.needs(requests))

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """As `reactions`; in a thread of its own where an event loop runs."""
        return _at_once(self.reactions(exchanges))

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """As `offers`; in a thread of its own where an event loop runs."""
        return _at_once(self.offers(moments))


def _way_of(name: AskedName) -> type[AskedReader]:
    """The reader that asks in the way that `name` says."""
    if name.way == "consistency":
        from tactful.reading.consistency.reader import ConsistencyReader

        return ConsistencyReader
    if name.way == "decisions":
        from tactful.reading.decisions.reader import DecisionsReader

        return DecisionsReader
    from tactful.reading.prompted.reader import PromptedReader

    return PromptedReader


def _at_once(reading: Coroutine[Any, Any, R]) -> R:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(reading)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(contextvars.copy_context().run, asyncio.run, reading).result()
