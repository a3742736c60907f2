"""What all workers share, in one actor: the call cache, the budget, rate limits and pauses. Equal calls are sent once.

Workers speak to it in batches and hear from it in batches (`Link`). A question that cannot be answered at once is simply
answered later: a call that another worker is asking, money that another call may set free, a permit of the rate limit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tactful.errors import TactfulError
from tactful.llm.cache import CallCache
from tactful.llm.spending.budget import Budget, Hold
from tactful.llm.spending.meter import Asker, metered
from tactful.llm.spending.prices import Price
from tactful.llm.throttle import rate_limiter
from tactful.llm.types import Usage
from tactful.runs.running.ray.batches import Inbox, pack, unpack

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter


class Said(NamedTuple):
    """What a worker says to the gate: one of its public verbs below `what workers say`, and what goes with it."""

    number: int
    """Of a question; 0 where no answer is expected."""
    verb: str
    values: tuple[Any, ...]


class News(NamedTuple):
    """What the gate says to a worker: the answer to question `number`, or, for number 0, that an endpoint is paused."""

    number: int
    value: Any = None
    error: Exception | None = None


@dataclass
class Claim:
    """A call that a worker is asking; the others that want its answer wait."""

    worker: int
    number: int
    stored: bool = False
    """The answer has come and is being written."""
    waiting: deque[tuple[int, int]] = field(default_factory=deque)
    """(worker, question)"""


class Gate:
    """Owns what workers share. One for a run, on the driver's node, where the call cache lies."""

    def __init__(self, calls: Path | None, usd: float | None, tokens: int | None, spent: Usage) -> None:
        self._path = calls
        self._caps = usd, tokens, spent

    async def start(self) -> Exception | None:
        """Open the call cache; what is wrong with it, if anything."""
        usd, tokens, spent = self._caps
        try:
            self._budget = Budget(usd, tokens, spent=spent)
            self._cache = None if self._path is None else CallCache(self._path)
        except TactfulError as error:
            return error
        self._inboxes: dict[int, Inbox[News]] = {}
        self._claims: dict[bytes, Claim] = {}
        self._holds: dict[tuple[int, int], Hold] = {}
        self._limiters: dict[str, tuple[float, AsyncLimiter]] = {}
        self._queueing: dict[tuple[int, int], asyncio.Task[None]] = {}
        """Questions for money or a permit that wait, by worker and number."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing: list[asyncio.Task[None]] = []
        self._paid: dict[tuple[int, str], Usage] = {}
        self._opens_at: dict[str, float] = {}
        return None

    # ------------------------------------------------------------ what the driver says

    async def join(self, worker: int) -> None:
        """A worker is about to start; pauses that are not over hold for it too."""
        inbox = self._inboxes[worker] = Inbox()
        now = asyncio.get_running_loop().time()
        for endpoint, opens_at in self._opens_at.items():
            if opens_at > now:
                inbox.put(News(0, (endpoint, opens_at - now)))

    async def settled(self, records: Iterable[tuple[int, str]]) -> None:
        """These records of workers are stored, with what they cost."""
        for record in records:
            self._paid.pop(record, None)

    async def lost(self, worker: int, records: Iterable[str]) -> Usage:
        """A worker died over these records; what it had paid for them. What it was asking is free for the others.

        Its holds are kept: the calls may have been charged.
        """
        self._inboxes.pop(worker, None)
        for key, claim in list(self._claims.items()):
            if claim.worker == worker and not claim.stored:
                self._release(key)
        for asked, task in list(self._queueing.items()):
            if asked[0] == worker:
                task.cancel()
        for asked, hold in list(self._holds.items()):
            if asked[0] == worker:
                hold.keep()
                del self._holds[asked]
        paid = Usage()
        for record in records:
            paid += self._paid.pop((worker, record), Usage())
        return paid

    async def aclose(self) -> Usage:
        """Write what is waiting and close the call cache; what the budget kept for requests whose cost stayed unknown."""
        for task in list(self._tasks):
            task.cancel()
        if self._cache is not None:
            self._cache.close()
        return self._budget.kept

    # ------------------------------------------------------------ the wire

    async def exchange(self, worker: int, said: bytes) -> bytes:
        """`take` and, when the answers among it are committed, all news that there are by then; packed."""
        inbox = self._inboxes.get(worker)
        if inbox is None:
            return pack([])
        await self.take(worker, unpack(said))
        told = inbox.now()
        if self._storing:
            storing, self._storing = self._storing, []
            await asyncio.wait(storing)
        return pack([tuple(news) for news in (*told, *inbox.now())])

    async def packed_news(self, worker: int) -> bytes:
        """`news`, packed."""
        return pack([tuple(news) for news in await self.news(worker)])

    async def take(self, worker: int, batch: Sequence[Said]) -> None:
        """What a worker says; nothing that one says who was given up."""
        if worker not in self._inboxes:
            return
        for number, verb, values in batch:
            getattr(self, f"on_{verb}")(worker, number, *values)

    async def news(self, worker: int) -> list[News]:
        """What is new for a worker; waits until something is."""
        return await self._inboxes[worker].take()

    def _answer(self, worker: int, number: int, value: Any = None, error: Exception | None = None) -> None:
        if (inbox := self._inboxes.get(worker)) is not None:
            inbox.put(News(number, value, error))

    def _answer_later(self, worker: int, number: int, answer: Awaitable[Any]) -> asyncio.Task[None]:
        async def wait() -> None:
            try:
                self._answer(worker, number, await answer)
            except TactfulError as error:
                self._answer(worker, number, error=error)

        task = asyncio.create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _queue(self, worker: int, number: int, answer: Awaitable[Any]) -> None:
        """Answer later, unless whoever asked dies or waits no more before that."""
        task = self._queueing[worker, number] = self._answer_later(worker, number, answer)
        task.add_done_callback(lambda _: self._queueing.pop((worker, number), None))

    # ------------------------------------------------------------ what workers say: calls

    def on_find(self, worker: int, number: int, key: bytes) -> None:
        """The stored answer; None: this worker is to ask; waits while another one does."""
        assert self._cache is not None
        claim = self._claims.get(key)
        if claim is not None:
            claim.waiting.append((worker, number))
            return
        stored = self._cache.get(key)
        if stored is None:
            self._claims[key] = Claim(worker, number)
        self._answer(worker, number, stored)

    def on_abandon(self, worker: int, number: int, key: bytes) -> None:
        """The call was not answered: the next who waits is to ask."""
        claim = self._claims.get(key)
        if claim is not None and claim.worker == worker:
            self._release(key)

    def on_forget_find(self, worker: int, number: int, key: bytes, asked: int) -> None:
        """Whoever asked question `asked` waits no more."""
        claim = self._claims.get(key)
        if claim is None:
            return
        if (claim.worker, claim.number) == (worker, asked):
            self._release(key)
        elif (worker, asked) in claim.waiting:
            claim.waiting.remove((worker, asked))

    def _release(self, key: bytes) -> None:
        """Answer who waits: by what is stored now, or the first of them is to ask and the others wait for that one."""
        claim = self._claims.pop(key, None)
        for worker, number in claim.waiting if claim is not None else ():
            if worker in self._inboxes:
                self.on_find(worker, number, key)

    def on_put(
        self,
        worker: int,
        number: int,
        answer: tuple[bytes, bytes, bytes, str, bytes],
        record: Asker | None,
        cost: Usage,
    ) -> None:
        """Store an answer of a call; `cost` is all that the record has cost this worker so far."""
        if (claim := self._claims.get(answer[0])) is not None:
            claim.stored = True
        if record is not None:
            self._paid[worker, record[1]] = cost
        self._storing.append(self._answer_later(worker, number, self._stored(answer, record)))

    async def _stored(self, answer: tuple[bytes, bytes, bytes, str, bytes], record: Asker | None) -> None:
        assert self._cache is not None
        key, body, usage, model, sent = answer
        with metered(record):
            await self._cache.put_packed(key, body, usage=usage, model=model, sent=sent)
        self._release(key)

    def on_note(self, worker: int, number: int, key: bytes, record: Asker | None) -> None:
        """A record asked this."""
        assert self._cache is not None
        with metered(record):
            self._cache.note(key)

    def on_mark_invalid(self, worker: int, number: int, key: bytes) -> None:
        """This answer failed validation."""
        assert self._cache is not None
        self._cache.mark_invalid(key)

    def on_find_fact(self, worker: int, number: int, name: str) -> None:
        """What is known about an endpoint."""
        assert self._cache is not None
        self._answer(worker, number, self._cache.get_fact(name))

    def on_put_fact(self, worker: int, number: int, name: str, value: bytes) -> None:
        """Keep what was found out about an endpoint."""
        assert self._cache is not None
        self._answer_later(worker, number, self._cache.put_fact(name, value))

    # ------------------------------------------------------------ what workers say: money and pace

    def on_price_earlier(self, worker: int, number: int, price: Price) -> None:
        """The price of a model that is opened."""
        self._budget.price_earlier(price)

    def on_reserve(self, worker: int, number: int, usd: float, tokens: int) -> None:
        """A hold, named by the number of the question; waits for room."""

        async def reserved() -> int:
            self._holds[worker, number] = await self._budget.reserve(usd, tokens)
            return number

        self._queue(worker, number, reserved())

    def on_forget_queued(self, worker: int, number: int, asked: int) -> None:
        """Whoever asked for a hold or a permit waits no more: it is another's."""
        if (task := self._queueing.get((worker, asked))) is not None:
            task.cancel()
        if (hold := self._holds.pop((worker, asked), None)) is not None:
            hold.release()

    def on_hold_ended(
        self, worker: int, number: int, asked: int, usd: float, tokens: int, beyond: Usage | None = None
    ) -> None:
        """The call cost this much; `beyond` of it no meter counts."""
        if (hold := self._holds.pop((worker, asked), None)) is not None:
            hold.settle(usd, tokens, beyond)

    def on_permit(self, worker: int, number: int, endpoint: str, requests_per_minute: float) -> None:
        """Leave to send; waits for the rate limit, the smallest that any model of the endpoint has."""
        rate, limiter = self._limiters.get(endpoint, (float("inf"), None))
        if limiter is None or requests_per_minute < rate:
            limiter = rate_limiter(requests_per_minute)
            self._limiters[endpoint] = requests_per_minute, limiter
        self._queue(worker, number, limiter.acquire())

    def on_paused(self, worker: int, number: int, endpoint: str, wait_s: float) -> None:
        """A 429: everyone else pauses too."""
        opens_at = asyncio.get_running_loop().time() + wait_s
        self._opens_at[endpoint] = max(opens_at, self._opens_at.get(endpoint, 0.0))
        for other, inbox in self._inboxes.items():
            if other != worker:
                inbox.put(News(0, (endpoint, wait_s)))
