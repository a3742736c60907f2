"""From the candidates of a window to decisions: welcome or not, then the delivery policy; each is stored before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from uuid import uuid4

from tactful.live.delivery.checks import silence
from tactful.live.delivery.ledger import Ledger
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.types import Candidate, Offer, Silence, Standing
from tactful.live.keeping.memory import Memory
from tactful.live.watch.acceptance import Acceptor, Judged
from tactful.live.watch.types import Window


class Alike:
    """Decisions of this hour that another one like them is counted on: silence must not fill the disk."""

    def __init__(self) -> None:
        self._hour = ""
        self._ids: dict[tuple[str, str], str] = {}

    def earlier(self, offer: Offer, key: str) -> str | None:
        """The id of the one that this offer is like; None: it is the first of its kind."""
        hour = f"{offer.at:%Y%m%d%H}"
        if hour != self._hour:
            self._hour, self._ids = hour, {}
        return self._ids.setdefault((offer.check, key), offer.id) if not _matters(offer) else None


def _matters(offer: Offer) -> bool:
    return offer.made == "offered" or offer.waiting


class Decider:
    """Decides about candidates. One call for a person at a time."""

    def __init__(
        self, memory: Memory, ledger: Ledger, acceptor: Acceptor, policy: DeliveryPolicy, timeout_s: float
    ) -> None:
        self._memory, self._ledger, self._acceptor = memory, ledger, acceptor
        self._policy, self._timeout_s = policy, timeout_s

    async def decide(
        self, window: Window, candidates: Sequence[Candidate], busy: str, alike: Alike, *, proposer: str
    ) -> list[Offer]:
        """A decision for each candidate, the likeliest to be welcome first; those to go out have `made` offered."""
        taste = await asyncio.to_thread(self._memory.taste, window.user)
        population = await asyncio.to_thread(self._memory.shared.population)
        judged = await self._acceptor.judged(window, candidates, taste, population, self._timeout_s)
        made = []
        for one in judged:
            why = Silence(one.check, one.reason) if one.check else await self._silence(window, one, busy)
            offer = self._offer(window, one, why, proposer)
            stored = self.keep(offer, window, one.candidate.key, alike)
            await asyncio.wrap_future(stored)  # what goes out counts, whatever happens next
            made.append(offer)
        return made

    def keep(self, offer: Offer, window: Window, key: str, alike: Alike) -> Future[None]:
        """Store a decision, or count it on one like it."""
        earlier = alike.earlier(offer, key)
        if earlier is not None and earlier != offer.id:
            return self._ledger.again(earlier, offer.at)
        return self._ledger.keep(offer, window.events, key=key if offer.kind else "")

    async def _silence(self, window: Window, one: Judged, busy: str) -> Silence | None:
        standing = await asyncio.to_thread(self.standing, window, busy)
        return silence(self._policy, standing, one.candidate, window.at)

    def standing(self, window: Window, busy: str) -> Standing:
        """What counts now for this window's person."""
        found = self._ledger.standing(window.user, window.at, self._policy)
        return replace(found, busy=busy, killed=self._memory.shared.killed())

    def _offer(self, window: Window, one: Judged, why: Silence | None, proposer: str) -> Offer:
        return Offer(
            id=uuid4().hex,
            at=window.at,
            user=window.user,
            kind=one.candidate.kind,
            text=one.candidate.text,
            made="offered" if why is None else "withheld",
            check="" if why is None else why.check,
            reason="" if why is None else why.reason,
            until=None if why is None else why.until,
            waiting=why is not None and why.waits and self._policy.mode == "act",
            p_accept=_rounded(one.p_accept),
            p_own=_rounded(one.p_own),
            threshold=_rounded(one.threshold),
            judge=self._acceptor.name,
            proposer=proposer,
            history=window.history if window.history.shown else None,
        )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
