"""What a worker's door to models takes in place of a file, a budget and a limiter of its own: links to the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tactful.errors import StopRun
from tactful.llm.cache import Stored, packed
from tactful.llm.spending.budget import Budget, Hold
from tactful.llm.spending.meter import asker, cost_so_far
from tactful.llm.spending.prices import Price
from tactful.llm.throttle import pause_here
from tactful.llm.types import Usage
from tactful.runs.running.ray.batches import Outbox, pack, unpack
from tactful.types import Message


class Link:
    """One worker's line to the gate. `tell` needs no answer, `ask` waits for one."""

    def __init__(self, gate: Any, worker: int) -> None:
        self._gate = gate
        self._worker = worker
        self._outbox: Outbox[tuple[int, str, tuple[Any, ...]]] = Outbox(self._exchange)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self._lost: StopRun | None = None
        self._listening = asyncio.create_task(self._listen())

    def tell(self, verb: str, *values: Any) -> None:
        """Say something."""
        self._outbox.put((0, verb, values))

    async def ask(self, verb: str, *values: Any, forget: tuple[Any, ...] = ()) -> Any:
        """Say something that has an answer; who waits for it no more says `forget` (verb and values) and its number.

        Raises what the gate answers; StopRun when the gate is gone.
        """
        if self._lost is not None:
            raise StopRun(str(self._lost))
        self._last += 1
        number = self._last
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self._outbox.put((number, verb, values))
        try:
            return await answer
        except asyncio.CancelledError:
            if forget:
                self.tell(*forget, number)
            raise
        finally:
            self._asked.pop(number, None)

    async def aclose(self) -> None:
        """Say what is still unsaid and hang up."""
        await self._outbox.flushed()
        self._listening.cancel()

    async def _exchange(self, batch: list[tuple[int, str, tuple[Any, ...]]]) -> None:
        """Say it, and hear what is new meanwhile: most answers come back at once."""
        from ray.exceptions import RayError

        with suppress(RayError):  # whoever listens hears of it
            self._hear(await self._gate.exchange.remote(self._worker, pack(batch)))

    async def _listen(self) -> None:
        from ray.exceptions import RayError

        try:
            while True:
                self._hear(await self._gate.packed_news.remote(self._worker))
        except RayError as error:
            self._lost = StopRun(f"the actor that keeps the call cache is gone ({type(error).__name__})")
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(StopRun(str(self._lost)))

    def _hear(self, news: bytes) -> None:
        for number, value, error in unpack(news):
            answer = self._asked.get(number)
            if number == 0:
                pause_here(*value)
            elif answer is None or answer.done():
                continue
            elif error is None:
                answer.set_result(value)
            else:
                answer.set_exception(error)


class LinkedCalls:
    """The gate's call cache, as the door takes it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def find(self, key: bytes) -> Stored | None:
        """The stored answer, or None: the caller is to ask. Waits while another worker asks the same."""
        stored: Stored | None = await self._link.ask("find", key, forget=("forget_find", key))
        return stored

    def abandon(self, key: bytes) -> None:
        """The call that was not found was not answered either."""
        self._link.tell("abandon", key)

    async def put(
        self, key: bytes, body: bytes, *, usage: bytes, model: str, messages: Sequence[Message] = ()
    ) -> None:
        """Store an answer; returns when it is committed. Raises StopRun when it cannot be stored."""
        answer = (key, body, usage, model, packed(messages))
        await self._link.ask("put", answer, asker(), cost_so_far())

    def note(self, key: bytes) -> None:
        """Note that the running record asked this."""
        self._link.tell("note", key, asker())

    def mark_invalid(self, key: bytes) -> None:
        """Note that this answer failed validation."""
        self._link.tell("mark_invalid", key)

    async def find_fact(self, name: str) -> bytes | None:
        """What was found out about an endpoint, by whichever worker."""
        value: bytes | None = await self._link.ask("find_fact", name)
        return value

    async def put_fact(self, name: str, value: bytes) -> None:
        """Keep what was found out about an endpoint."""
        await self._link.ask("put_fact", name, value)

    def close(self) -> None:
        """The link is closed by whoever opened it."""


class LinkedBudget(Budget):
    """The gate's budget: caps are known here, what is spent only there."""

    def __init__(self, link: Link, usd: float | None, tokens: int | None) -> None:
        super().__init__(usd, tokens)
        self._link = link
        self._numbers: dict[Hold, int] = {}
        """Under which the gate keeps the holds that have not ended."""

    def price_earlier(self, price: Price) -> None:
        """As `Budget.price_earlier`."""
        self._link.tell("price_earlier", price)

    async def reserve(self, usd: float, tokens: int) -> Hold:
        """As `Budget.reserve`, over the calls of all workers."""
        hold = Hold(self, usd, tokens)
        self._numbers[hold] = await self._link.ask("reserve", usd, tokens, forget=("forget_queued",))
        return hold

    def ended(self, hold: Hold, usd: float, tokens: int, beyond: Usage | None) -> None:
        """Tell the gate what the call cost."""
        self._link.tell("hold_ended", self._numbers.pop(hold), usd, tokens, beyond)


class LinkedThrottles:
    """The other workers, as the throttles here see them."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def permit(self, endpoint: str, requests_per_minute: float) -> None:
        """Wait for the rate limit of all workers."""
        await self._link.ask("permit", endpoint, requests_per_minute, forget=("forget_queued",))

    def paused(self, endpoint: str, wait_s: float) -> None:
        """All workers pause."""
        self._link.tell("paused", endpoint, wait_s)
