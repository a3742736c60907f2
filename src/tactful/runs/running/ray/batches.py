"""Messages between actors go in batches: one actor call costs as much as a hundred small messages."""

from __future__ import annotations

import asyncio
import copyreg
import pickle
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from tactful.llm.types import Usage
from tactful.runs.result import Result

T = TypeVar("T")

GATHER_S = 0.003
"""How long messages are gathered before they are sent, where none is under way."""


class Outbox(Generic[T]):
    """Gathers messages and sends them together, in order: for a moment, or until the batch before has arrived.

    So batches grow with the load: the busier the other side is, the later it takes the next one.
    """

    def __init__(self, send: Callable[[list[T]], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: list[T] = []
        self._sending: asyncio.Task[None] | None = None

    def put(self, message: T) -> None:
        """Send it with the next batch."""
        self._waiting.append(message)
        if self._sending is None:
            self._sending = asyncio.create_task(self._all())

    async def flushed(self) -> None:
        """Returns when everything so far was sent."""
        while self._sending is not None:
            await asyncio.wait([self._sending])

    async def _all(self) -> None:
        try:
            await asyncio.sleep(GATHER_S)
            while self._waiting:
                messages, self._waiting = self._waiting, []
                await self._send(messages)
        finally:
            self._sending = None


class Inbox(Generic[T]):
    """Keeps messages until somebody asks for them."""

    def __init__(self) -> None:
        self._waiting: list[T] = []
        self._some = asyncio.Event()

    def put(self, message: T) -> None:
        """Keep it."""
        self._waiting.append(message)
        self._some.set()

    def now(self) -> list[T]:
        """All messages so far, in order; none where there are none."""
        messages, self._waiting = self._waiting, []
        self._some.clear()
        return messages

    async def take(self) -> list[T]:
        """All messages so far, in order; waits for the first."""
        while not self._waiting:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
        return self.now()


def pack(messages: list[Any]) -> bytes:
    """Messages for another process. Ray's own pickler takes ten times as long, and is needed for what a notebook defines."""
    packed = pickle.dumps(messages, protocol=5)
    if b"__main__" not in packed:
        return packed
    from ray import cloudpickle

    dumps: Any = cloudpickle.dumps  # untyped
    by_value: bytes = dumps(messages, protocol=5)
    return by_value


def unpack(packed: bytes) -> list[Any]:
    """The messages."""
    messages: list[Any] = pickle.loads(packed)  # noqa: S301 - from our own processes
    return messages


def _usage(*values: Any) -> Usage:
    return Usage.model_construct(**dict(zip(Usage.model_fields, values, strict=True)))


# Made of their values alone: a third of the time that pickling them as any other object takes.
copyreg.pickle(Usage, lambda usage: (_usage, tuple(getattr(usage, name) for name in Usage.model_fields)))
copyreg.pickle(Result, lambda result: (Result, tuple(getattr(result, name) for name in Result.__slots__)))
