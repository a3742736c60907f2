"""A cap on tokens and money that holds whatever the endpoint reports.

Before a call the largest cost is reserved that its token limit and the model's prompts so far allow; afterwards the
hold is settled at what the call cost, or kept in full where that cannot be known (a lost connection, usage that
lies). So the sum of settled and reserved cost never passes the cap. A call that does not fit waits for running calls to
settle; when none is left that could make room, `BudgetSpent` ends the run. What was kept beyond what meters count is
told, so that the next session of the run counts it too.
"""

from __future__ import annotations

import asyncio
from collections import deque

from tactful.errors import BudgetSpent, ConfigError
from tactful.llm.spending.prices import Price
from tactful.llm.types import Usage


class Hold:
    """A reservation of one request. Ends by exactly one of `settle`, `keep` and `release`."""

    __slots__ = ("_budget", "tokens", "usd")

    def __init__(self, budget: Budget, usd: float, tokens: int) -> None:
        self._budget: Budget | None = budget
        self.usd = usd
        self.tokens = tokens

    def settle(self, usd: float, tokens: int, beyond: Usage | None = None) -> None:
        """The call cost this much; `beyond` of it no meter counts."""
        if self._budget is not None:
            self._budget.ended(self, usd, tokens, beyond)
            self._budget = None

    def keep(self, counted: Usage | None = None) -> None:
        """The cost is unknown: the whole reservation counts as spent, however little of it the meter counted."""
        counted = counted or Usage()
        tokens = self.tokens - counted.prompt_tokens - counted.completion_tokens
        usd = self.usd - (counted.cost_usd or 0.0)
        beyond = Usage(completion_tokens=max(0, tokens), cost_usd=max(0.0, usd))
        self.settle(self.usd, self.tokens, beyond)

    def release(self) -> None:
        """The call was not made, or the endpoint turned it away unpaid."""
        self.settle(0.0, 0)


class Budget:
    """Caps for one run; None sets no cap. `spent` is what earlier parts of the run have already used.

    Holds for all models of the run that were opened with it, inside one event loop.
    """

    def __init__(
        self, usd: float | None = None, tokens: int | None = None, *, spent: Usage | None = None
    ) -> None:
        if (usd is not None and usd < 0) or (tokens is not None and tokens < 0):
            raise ConfigError(f"budget of {usd} USD and {tokens} tokens: a budget cannot be negative")
        self.usd = usd
        self.tokens = tokens
        self.spent_usd = (spent.cost_usd or 0.0) if spent else 0.0
        """Settled cost, with reservations that were kept; USD."""
        self.spent_tokens = spent.prompt_tokens + spent.completion_tokens if spent else 0
        self.kept = Usage()
        """What has been spent here that no meter counts: kept reservations."""
        self._unpriced = spent if spent and spent.cost_usd is None else None
        self._held_usd = 0.0
        self._held_tokens = 0
        self._holds = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def capped(self) -> bool:
        """True when there is any cap to keep."""
        return self.usd is not None or self.tokens is not None

    def price_earlier(self, price: Price) -> None:
        """Count what was spent while a price was unknown, at the dearest price of the models that are opened."""
        if self._unpriced is not None:
            tokens = self._unpriced.prompt_tokens, self._unpriced.completion_tokens
            self.spent_usd = max(self.spent_usd, price.cost_usd(*tokens))

    async def reserve(self, usd: float, tokens: int) -> Hold:
        """Set aside the largest possible cost of one request; waits while running calls may make room.

        Raises: BudgetSpent when it cannot fit any more.
        """
        while not self._fits(usd, tokens):
            if self._holds == 0:
                raise BudgetSpent(self._message(usd, tokens))
            room = asyncio.get_running_loop().create_future()
            self._waiting.append(room)
            await room
        self._holds += 1
        self._held_usd += usd
        self._held_tokens += tokens
        return Hold(self, usd, tokens)

    def _fits(self, usd: float, tokens: int) -> bool:
        money = self.usd is None or self.spent_usd + self._held_usd + usd <= self.usd
        return money and (
            self.tokens is None or self.spent_tokens + self._held_tokens + tokens <= self.tokens
        )

    def ended(self, hold: Hold, usd: float, tokens: int, beyond: Usage | None) -> None:
        """A hold of this budget ended at this cost; `Hold` calls it."""
        if beyond is not None:
            self.kept += beyond
        self._holds -= 1
        self._held_usd = max(0.0, self._held_usd - hold.usd) if self._holds else 0.0
        self._held_tokens -= hold.tokens
        self.spent_usd += usd
        self.spent_tokens += tokens
        while self._waiting:
            room = self._waiting.popleft()
            if not room.done():
                room.set_result(None)

    def _message(self, usd: float, tokens: int) -> str:
        parts = []
        if self.usd is not None:
            parts.append(f"{self.spent_usd:.4f} of {self.usd:.4f} USD, the next call may cost {usd:.4f}")
        if self.tokens is not None:
            parts.append(f"{self.spent_tokens} of {self.tokens} tokens, the next call may use {tokens}")
        return f"budget spent: {'; '.join(parts)}; raise the budget and resume"
