"""What the tests of the door share: a reply type, prompts, and a model opened on a test server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.chat_server import ChatServer

from tactful.errors import ParseError, ProviderError
from tactful.llm import Budget, CallCache, ChatModel, ModelSpec, open_model
from tactful.llm.spending.prices import PriceTable
from tactful.types import Message, Record


class Verdict(Record):
    reason: str
    accepted: bool
    score: float
    tags: list[str]


def prompt(text: object = "Would this user accept the proposal?") -> list[Message]:
    return [Message(role="user", content=str(text))]


@asynccontextmanager
async def opened(
    server: ChatServer,
    *,
    cache: Path | None = None,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
    **spec: Any,
) -> AsyncIterator[ChatModel]:
    """A model on `server`, with a cache in the file `cache`; both closed at the end."""
    stored = CallCache(cache) if cache else None
    spec = {"name": "m", "base_url": server.base_url, "timeout_s": 20.0} | spec
    model = open_model(ModelSpec(**spec), cache=stored, budget=budget, prices=prices)
    try:
        yield model
    finally:
        await model.aclose()
        if stored:
            stored.close()


async def outcomes(model: ChatModel, jobs: int, *, structured: bool = True) -> Counter[str]:
    """How each of `jobs` concurrent calls ended; the counts add up to `jobs`."""

    async def one(number: int) -> str:
        try:
            if structured:
                await model.structured(prompt(f"Job {number}"), Verdict)
            else:
                reply = await model.complete(prompt(f"Job {number}"))
                assert reply.text.startswith("Reply to")
        except ProviderError as error:
            return error.outcome
        except ParseError:
            return "unusable"
        return "answered"

    return Counter(await asyncio.gather(*map(one, range(jobs))))
