"""A watcher for tests: on a clock that is set, with proposers and judges that do as they are told, and ways out that keep what came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tactful.live.delivery.channels import Notice, Undelivered
from tactful.live.delivery.ledger import Ledger, OfferFilter
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.sending import Sender
from tactful.live.delivery.types import Candidate, Offer
from tactful.live.keeping.memory import Memory
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.live.watch.acceptance import Acceptor
from tactful.live.watch.types import WatchSettings, Window
from tactful.live.watch.watcher import Watcher
from tactful.reward.types import Acceptance, JudgeAtOnce
from tactful.types import Event, Moment

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPEN = DeliveryPolicy(
    mode="act", zone="UTC", per_hour=99, per_day=99, gap_minutes=0, new_days=0, quiet=(), digest=(), repeat_hours=0,
    cooldown_minutes=0,
)  # fmt: skip
"""Keeps nothing back."""


class Clock:
    """Shows what it is set to."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


@dataclass
class Says:
    """A proposer that offers the text of the last event, or what it is given."""

    answer: Callable[[Window], Any] | None = None
    kind: str = "fix"
    name: str = "says"
    windows: list[Window] = field(default_factory=list)

    async def propose(self, window: Window) -> list[Candidate]:
        self.windows.append(window)
        if self.answer is None:
            return [Candidate(kind=self.kind, text=f"Help with: {window.events[-1].text}")]
        said = self.answer(window)
        found: list[Candidate] = await said if asyncio.iscoroutine(said) else said
        return found

    async def close(self) -> None:
        return None


class Likes(JudgeAtOnce):
    """A judge with one opinion for each word that an offer holds."""

    name = "likes"

    def __init__(self, default: float | None = 0.8, **words: float | None) -> None:
        self.default, self.words = default, words
        self.moments: list[Moment] = []

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        self.moments += moments
        return [self._one(moment) for moment in moments]

    def _one(self, moment: Moment) -> Acceptance:
        p = next((p for word, p in self.words.items() if word in (moment.proposal or "")), self.default)
        if p is None:
            return Acceptance.unscored(moment.id, reason="it does not know")
        return Acceptance(moment_id=moment.id, p_accept=p)


@dataclass
class Kept:
    """A way out that keeps what came, and fails as often as it is told."""

    name: str = "kept"
    retries: bool = True
    fails: int = 0
    notices: list[Notice] = field(default_factory=list)
    tries: int = 0
    closed: bool = False

    async def send(self, notice: Notice) -> None:
        self.tries += 1
        if self.fails:
            self.fails -= 1
            raise Undelivered("answered 503")
        self.notices.append(notice)

    async def close(self) -> None:
        self.closed = True


@dataclass
class Watched:
    """A watcher and its parts."""

    watcher: Watcher
    clock: Clock
    proposer: Any
    way: Kept
    memory: Memory
    ledger: Ledger

    async def see(self, *texts: str, user: str = "u-0000000001") -> list[Offer]:
        """These events, and a look at them; what was decided, when it has been sent."""
        self.watcher.seen(user, [Event(text=text) for text in texts])
        made = await self.watcher.consider(user)
        await self.watcher.sender.settle()
        with suppress(RuntimeError):  # a writer that a test has closed
            await asyncio.to_thread(self.memory.settle)
        return made

    async def tick(self) -> None:
        await self.watcher.tick()
        await self.watcher.settle()

    def rows(self, **wanted: Any) -> list[Offer]:
        """The decisions, the oldest first."""
        return list(self.ledger.search(OfferFilter(**wanted)))[::-1]


def watched(
    database: Path | str,
    *,
    policy: DeliveryPolicy = OPEN,
    proposer: Any = None,
    acceptor: Acceptor | None = None,
    keep_texts: bool = True,
    fails: int = 0,
    clock: Clock | None = None,
    settings: WatchSettings | None = None,
) -> Watched:
    clock, way, proposer = clock or Clock(), Kept(fails=fails), proposer or Says()
    memory = Memory(open_live_store(database), LiveSettings(keep_texts=keep_texts))
    ledger = Ledger(memory.store, memory.writer, keep_texts=keep_texts)
    watcher = Watcher(
        memory,
        ledger,
        proposer,
        acceptor or Acceptor(Likes()),
        Sender(ledger, [way], policy.sending, clock),
        policy=policy,
        settings=settings,
        clock=clock,
    )
    return Watched(watcher, clock, proposer, way, memory, ledger)
