"""Messages between actors go in batches: one actor call costs as much as a hundred small messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

GATHER_S = 0.003
"""How long messages are gathered before they are sent."""


class Outbox(Generic[T]):
    """Gathers messages for a moment and sends them together, in order."""

    def __init__(self, send: Callable[[list[T]], object]) -> None:
        self._send = send
        self._waiting: list[T] = []

    def put(self, message: T) -> None:
        """Send it with the next batch."""
        self._waiting.append(message)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(GATHER_S, self.flush)

    def flush(self) -> None:
        """Send what is waiting, now."""
        messages, self._waiting = self._waiting, []
        if messages:
            self._send(messages)


class Inbox(Generic[T]):
    """Keeps messages until somebody asks for them."""

    def __init__(self) -> None:
        self._waiting: list[T] = []
        self._some = asyncio.Event()

    def put(self, message: T) -> None:
        """Keep it."""
        self._waiting.append(message)
        self._some.set()

    async def take(self) -> list[T]:
        """All messages so far, in order; waits for the first."""
        await self._some.wait()
        await asyncio.sleep(GATHER_S)
        messages, self._waiting = self._waiting, []
        self._some.clear()
        return messages
