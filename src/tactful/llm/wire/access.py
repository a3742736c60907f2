"""What every way to one model shares: where it is, and by what its calls are kept, capped and priced."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from tactful.llm.cache import Calls
from tactful.llm.endpoint import Endpoint
from tactful.llm.spending.budget import Budget
from tactful.llm.spending.meter import count
from tactful.llm.spending.prices import Price
from tactful.llm.types import ModelSpec, Usage
from tactful.llm.wire.meaning import Answered
from tactful.types import Message

_CACHED = Usage(cached=1)


@dataclass(frozen=True, slots=True)
class Access:
    """A model at its endpoint."""

    spec: ModelSpec
    endpoint: Endpoint
    cache: Calls | None
    budget: Budget | None
    price: Price | None

    @property
    def where(self) -> str:
        """Model and endpoint, as messages name them."""
        return f"{self.spec.name} at {self.endpoint.base_url}"

    def note(self, key: bytes) -> None:
        """A call that was not sent: its answer was there, or came of an equal call."""
        if self.cache is not None:
            self.cache.note(key)
        count(_CACHED)

    async def stored(self, key: bytes, answer: Awaitable[Answered], messages: Sequence[Message]) -> Answered:
        """The answer, in the cache before it is used; where none comes, whoever waits for it is told."""
        if self.cache is None:
            return await answer
        try:
            answered = await answer
        except BaseException:
            self.cache.abandon(key)
            raise
        used = answered.usage
        tokens = f"{used.prompt_tokens},{used.completion_tokens},{int(used.estimated)}".encode()
        await self.cache.put(key, answered.body, usage=tokens, model=self.spec.name, messages=messages)
        return answered
