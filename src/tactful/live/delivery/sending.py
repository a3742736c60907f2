"""Sends notices by every way out, tries again, and writes down what became of it. Never in the way of events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from tactful.live.delivery.channels import ANSWERS, Channel, Notice, Undelivered
from tactful.live.delivery.ledger import Ledger
from tactful.live.delivery.policy import Sending
from tactful.live.delivery.types import Offer

_LAST_S = 5.0
_LONGEST_WAIT_S = 60.0
Clock = Callable[[], datetime]


class Sender:
    """The ways out. `address`: where answers are taken, such as `http://127.0.0.1:8787`; empty: nowhere."""

    def __init__(self, ledger: Ledger, channels: Sequence[Channel], settings: Sending, clock: Clock) -> None:
        self._ledger, self._channels, self._settings, self._clock = ledger, channels, settings, clock
        self._under_way: set[asyncio.Task[None]] = set()
        self.address = ""
        self.failed = 0
        """Notices that reached nobody."""

    def send(self, offers: Sequence[Offer], *, digest: bool) -> None:
        """Send these as one notice, in a task of its own."""
        notice = Notice(digest=digest, offers=tuple(offers), links=self._links(offers))
        task = asyncio.ensure_future(self._sent(notice))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Wait until everything that was handed in has arrived or failed."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def close(self) -> None:
        """Give what is under way a moment, and close the ways out."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_LAST_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    def _links(self, offers: Sequence[Offer]) -> dict[str, dict[str, str]]:
        if not self.address:
            return {}
        return {
            one.id: {name: f"{self.address}/v1/offers/{one.id}/{name}" for name in ANSWERS} for one in offers
        }

    async def _sent(self, notice: Notice) -> None:
        ids = [one.id for one in notice.offers]
        try:
            arrived = await asyncio.gather(*(self._by(channel, notice) for channel in self._channels))
        except asyncio.CancelledError:  # the end came first: the next digest tells it
            if not notice.digest:
                self._ledger.undelivered(ids[0])
            raise
        if any(arrived):
            self._ledger.over(ids)
            return
        self.failed += 1
        if not notice.digest:
            self._ledger.undelivered(ids[0])

    async def _by(self, channel: Channel, notice: Notice) -> bool:
        tries, error = 0, ""
        wait_s = self._settings.wait_s
        while True:
            tries += 1
            error = await _try(channel.send(notice))
            if not error or not channel.retries or tries >= self._settings.tries:
                break
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        self._ledger.sent(
            notice.offers, channel.name, self._clock(), tries=tries, error=error, digest=notice.digest
        )
        return not error


async def _try(sending: Awaitable[None]) -> str:
    """Why it did not arrive; empty: it did."""
    try:
        await sending
    except Undelivered as error:
        return str(error)
    except Exception as error:  # a way out that breaks must not break the others
        return type(error).__name__
    return ""
