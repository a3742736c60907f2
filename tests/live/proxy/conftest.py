"""A proxy in front of an upstream, in the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select
from tests.commands import tactful

from tactful.live.advisor import ACTIONS, Advisor
from tactful.live.proxy.app import Proxy
from tactful.live.proxy.running import proxying
from tactful.live.proxy.settings import ProxySettings
from tactful.live.settings import LiveSettings
from tactful.live.storing.tables import advice, observations
from tactful.live.types import Advice, Observation
from tactful.policy import open_policy
from tactful.reading.opening import open_embedded_reader

__all__ = ["tactful"]


@dataclass
class Front:
    """A proxy that runs."""

    address: str
    proxy: Proxy
    advisor: Advisor
    session: aiohttp.ClientSession

    async def chat(self, *texts: str, **more: Any) -> aiohttp.ClientResponse:
        """POST a chat whose messages alternate, the user's first."""
        headers = more.pop("headers", {})
        messages = more.pop("messages", None) or talk(*texts)
        body = {"model": "m", "messages": messages, **more}
        reply = await self.session.post(f"{self.address}/v1/chat/completions", json=body, headers=headers)
        await reply.read()
        return reply

    async def counted(self, name: str) -> int:
        """How often it happened, once it did: an answer's end is read before it is counted."""
        for _ in range(1000):
            if self.proxy.counts[name]:
                break
            await asyncio.sleep(0.02)
        return self.proxy.counts[name]

    async def settled(self) -> None:
        await asyncio.to_thread(self.advisor.settle)

    def advice(self) -> list[Advice]:
        with self.advisor._memory.store.read() as connection:
            rows = connection.execute(select(advice.c.record).order_by(advice.c.at)).scalars()
            return [Advice.model_validate_json(row) for row in rows]

    def observed(self) -> list[Observation]:
        with self.advisor._memory.store.read() as connection:
            rows = connection.execute(select(observations.c.record)).scalars()
            return [Observation.model_validate_json(row) for row in rows]


def talk(*texts: str) -> list[dict[str, Any]]:
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]


Fronts = Callable[..., Any]


@pytest.fixture
def front(tmp_path: Path) -> Fronts:
    """`async with front(url, policy="always-Clarify", mode="advise") as at: ...`"""

    @asynccontextmanager
    async def opened(
        upstream: str, *, policy: str = "always-Clarify", proxy: dict[str, Any] | None = None, **settings: Any
    ) -> AsyncIterator[Front]:
        advisor = Advisor(
            tmp_path / "live.sqlite",
            policy=open_policy(policy, ACTIONS),
            reader=open_embedded_reader("surface"),
            settings=LiveSettings(**{"mode": "advise", "timeout_ms": 20_000, **settings}),
        )
        given = ProxySettings(upstream, **{"stored_ms": 5_000, **(proxy or {})})
        with advisor:
            async with (
                proxying(advisor, given, 0) as (address, made),
                aiohttp.ClientSession(auto_decompress=False) as session,
            ):
                yield Front(address, made, advisor, session)

    return opened
