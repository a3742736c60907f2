"""One throttle per endpoint, shared by every model of the process that calls it: how many requests, and when.

- Slots bound the requests in flight. Their number adapts: one more per round of successes, a fifth fewer when the
  endpoint is strained (429, 5xx, timeouts), half as many when it only queues them; of requests that were sent
  together only the first counts.
- A 429 closes the throttle for everyone until the time it asks for. From then on requests leave evenly spaced, at a
  little under the rate that was being served; the rate grows again by a quarter a second.
- An optional rate limit (requests per minute) keeps 429s from happening at all.
- A refusal (wrong key, unknown model, exhausted quota) shuts the throttle: no further request passes.
"""

from __future__ import annotations

import asyncio
import random
import weakref
from collections import deque
from typing import Protocol

from aiolimiter import AsyncLimiter

from tactful.errors import EndpointRefused, ProviderError

_CUT = 0.8
_MOST_WITHOUT_ANSWER = 10
"""Calls in a row, each tried as often as it may be."""
_SERVED_SHARE = 0.85
"""A 429 sets the pace to this share of the rate that was served."""
_GROWTH = 0.25
"""Growth of the pace per second."""
_WINDOW_S = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0


class Deferred(Exception):
    """The throttle stays closed beyond the deadline of this call."""


class Elsewhere(Protocol):
    """The other processes of a run that call the same endpoints: they share its rate limit and its pauses."""

    async def permit(self, endpoint: str, requests_per_minute: float) -> None:
        """Wait for the rate limit of all."""
        ...

    def paused(self, endpoint: str, wait_s: float) -> None:
        """Tell the others that a 429 closed the endpoint for so long."""
        ...


class Throttle:
    """Lets requests to one endpoint pass. Belongs to one event loop."""

    def __init__(self, ceiling: int, endpoint: str = "", elsewhere: Elsewhere | None = None) -> None:
        self._endpoint = endpoint
        self._elsewhere = elsewhere
        self.users = 0
        self.ceiling = ceiling
        self.limit = float(ceiling)
        """Slots at present."""
        self.reached = False
        """True once the endpoint has answered as one does."""
        self.refused: EndpointRefused | None = None
        self._used = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._limiter: AsyncLimiter | None = None
        self._rate_per_minute = float("inf")
        self._opens_at = 0.0
        self._pauses = 0
        self._without_answer = 0
        self._pace: float | None = None
        """Requests per second after a 429; None while none came."""
        self._next_at = 0.0
        self._served: deque[float] = deque(maxlen=4096)
        self._tickets = 0
        self._cut_at = 0

    def set_rate(self, requests_per_minute: float) -> None:
        """Bound the rate; the smallest bound of all models of the endpoint holds."""
        if requests_per_minute < self._rate_per_minute:
            self._rate_per_minute = requests_per_minute
            self._limiter = rate_limiter(requests_per_minute)

    # ------------------------------------------------------------ slots

    async def enter(self) -> None:
        """Wait for the rate limit, if there is one, then for a slot; `leave` gives the slot back."""
        if self._limiter is not None:
            await self.limited()
        if self._used < int(self.limit) and not self._queue:
            self._used += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Give a slot back and let the next ones in."""
        self._used -= 1
        while self._queue and self._used < int(self.limit):
            turn = self._queue.popleft()
            if not turn.done():
                self._used += 1
                turn.set_result(None)

    # ------------------------------------------------------------ passing

    async def limited(self) -> None:
        """Wait for the rate limit, if there is one."""
        if self._limiter is None:
            return
        if self._elsewhere is None:
            await self._limiter.acquire()
        else:
            await self._elsewhere.permit(self._endpoint, self._rate_per_minute)

    async def pass_through(self, deadline: float) -> int:
        """Wait until a request may be sent; the ticket tells later what became of it.

        Raises: EndpointRefused when the throttle is shut; Deferred when it stays closed beyond `deadline` (loop time).
        """
        if self._opens_at or self._pace is not None:  # it was closed once
            await self._its_turn(deadline)
        if self.refused is not None:
            raise EndpointRefused(str(self.refused))
        self._tickets += 1
        return self._tickets

    async def _its_turn(self, deadline: float) -> None:
        now = asyncio.get_running_loop().time
        while (turn := self._take_turn(now())) > now():
            if turn > deadline:
                raise Deferred
            await asyncio.sleep(turn - now())
            if self._opens_at <= now():
                break

    def _take_turn(self, now: float) -> float:
        if self._pace is None:
            return self._opens_at
        turn = max(now, self._opens_at, self._next_at)
        self._next_at = turn + 1 / self._pace
        return turn

    # ------------------------------------------------------------ what became of it

    def succeeded(self) -> None:
        """A request was answered: room for a little more."""
        self.reached = True
        self._pauses = 0
        self._without_answer = 0
        if self.limit < self.ceiling:
            self.limit = min(float(self.ceiling), self.limit + 1 / self.limit)
        self._served.append(asyncio.get_running_loop().time())
        if self._pace is not None:
            self._pace += _GROWTH * max(1.0, 1 / self._pace)

    @property
    def at_once(self) -> int:
        """Requests that hold a slot."""
        return self._used

    def queued(self, ticket: int) -> None:
        """An answer came late because the endpoint works off one request after the other: half the slots do."""
        if ticket > self._cut_at:
            self._cut_at = self._tickets
            self.limit = max(1.0, min(self.limit, self._used / 2))

    def gave_none(self, error: ProviderError) -> None:
        """A call ended without an answer. Raises: EndpointRefused after too many of them in a row."""
        self._without_answer += 1
        if self._without_answer >= _MOST_WITHOUT_ANSWER:
            self.refused = self.refused or EndpointRefused(
                f"{self._without_answer} calls in a row ended without an answer, the last one so: {error}; look at the "
                "server, then resume"
            )
            raise EndpointRefused(str(self.refused)) from error

    def strained(self, ticket: int) -> None:
        """A request met a 5xx or no answer in time: fewer slots, once per round."""
        if ticket > self._cut_at:
            self._cut_at = self._tickets
            self.limit = max(1.0, self.limit * _CUT)

    def paused(self, ticket: int, wait_s: float | None) -> None:
        """A request met a 429: everyone waits, `wait_s` or a growing time, and then goes at a lower pace."""
        self.reached = True
        now = asyncio.get_running_loop().time()
        first_of_round = ticket > self._cut_at
        if wait_s is None:
            if first_of_round:
                self._pauses += 1
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** max(0, self._pauses - 1))
            wait_s = longest * (0.75 + 0.25 * random.random())
            if not first_of_round and self._opens_at > now:
                return
        if self._elsewhere is not None and now + wait_s > self._opens_at:
            self._elsewhere.paused(self._endpoint, wait_s)
        self._close(ticket, now, wait_s)

    def paused_elsewhere(self, wait_s: float) -> None:
        """Another process met a 429: as if the last request from here had met it."""
        self._close(self._tickets, asyncio.get_running_loop().time(), wait_s)

    def open_at(self, time: float) -> None:
        """Let nothing pass before `time` (loop time)."""
        self._opens_at = max(self._opens_at, time)

    def _close(self, ticket: int, now: float, wait_s: float) -> None:
        self._opens_at = max(self._opens_at, now + wait_s)
        self._next_at = max(self._next_at, self._opens_at)
        if ticket > self._cut_at:
            served = sum(at > now - _WINDOW_S for at in self._served) / _WINDOW_S
            self._pace = max(1.0, _SERVED_SHARE * (served or self._pace or 1.0))
        self.strained(ticket)


def rate_limiter(requests_per_minute: float) -> AsyncLimiter:
    """Lets so many requests pass in a minute, evenly: a burst is a quarter of a second's worth."""
    burst = max(1.0, requests_per_minute / 240)
    return AsyncLimiter(burst, burst * 60 / requests_per_minute)


_throttles: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Throttle]] = (
    weakref.WeakKeyDictionary()
)


_elsewhere: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Elsewhere] = weakref.WeakKeyDictionary()
_closed: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, float]] = weakref.WeakKeyDictionary()
"""When endpoints that have no throttle yet open again."""


def share_throttles(elsewhere: Elsewhere) -> None:
    """From now on the throttles that are made in the running loop share rate limits and pauses with other processes."""
    _elsewhere[asyncio.get_running_loop()] = elsewhere


def pause_here(endpoint: str, wait_s: float) -> None:
    """Another process met a 429 of `endpoint`: its throttle in the running loop closes too, also one made later."""
    loop = asyncio.get_running_loop()
    throttle = _throttles.get(loop, {}).get(endpoint)
    if throttle is not None:
        throttle.paused_elsewhere(wait_s)
    else:
        _closed.setdefault(loop, {})[endpoint] = loop.time() + wait_s


def join_throttle(endpoint: str, *, ceiling: int, requests_per_minute: float | None) -> Throttle:
    """The throttle of `endpoint` in the running loop, made by the first user; `leave_throttle` when done."""
    loop = asyncio.get_running_loop()
    throttles = _throttles.setdefault(loop, {})
    throttle = throttles.get(endpoint)
    if throttle is None:
        throttle = throttles[endpoint] = Throttle(ceiling, endpoint, _elsewhere.get(loop))
        throttle.open_at(_closed.get(loop, {}).pop(endpoint, 0.0))
    elif ceiling > throttle.ceiling:
        throttle.ceiling = ceiling
        throttle.limit = float(ceiling)
    if requests_per_minute is not None:
        throttle.set_rate(requests_per_minute)
    throttle.users += 1
    return throttle


def leave_throttle(endpoint: str, throttle: Throttle) -> None:
    """The last user takes the throttle away."""
    throttle.users -= 1
    if throttle.users == 0:
        throttles = _throttles.get(asyncio.get_running_loop(), {})
        if throttles.get(endpoint) is throttle:
            del throttles[endpoint]
