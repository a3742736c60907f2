"""A recording as if it happened now: what would have been offered when. Time is that of the events; nothing is sent or kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tactful.live.delivery.channels import Notice
from tactful.live.delivery.types import Offer
from tactful.live.watch.sources import Seen
from tactful.live.watch.watcher import Watcher
from tactful.types import Record

_STEP = timedelta(minutes=15)
_MOST_STEPS = 14 * 24 * 4


class EventClock:
    """The time of the events, which never goes back."""

    def __init__(self) -> None:
        self.now = datetime(1970, 1, 1, tzinfo=UTC)
        self.begun = False

    def __call__(self) -> datetime:
        """The latest time."""
        return self.now


class Noted:
    """A way out that keeps what came."""

    name, retries = "rehearsal", False

    def __init__(self, clock: EventClock) -> None:
        self._clock = clock
        self.digests: list[tuple[datetime, int]] = []
        """When, and of how many offers."""

    async def send(self, notice: Notice) -> None:
        """Keep it."""
        if notice.digest:
            self.digests.append((self._clock(), len(notice.offers)))

    async def close(self) -> None:
        """Nothing is open."""


class Rehearsal(Record):
    """What would have come of a recording."""

    events: int
    looks: int
    """How often the events were looked at."""
    offers: tuple[Offer, ...]
    """What would have gone out, in order."""
    withheld: tuple[Offer, ...]
    silences: dict[str, int]
    """Check → how many candidates, or looks without one, it kept back."""
    digests: tuple[tuple[datetime, int], ...]
    """When, and of how many offers."""
    failed: int
    """Looks that failed."""
    bad: int = 0
    """Rows that could not be read."""
    problem: str = ""
    """The first of them, by place."""


async def rehearsed(watcher: Watcher, clock: EventClock, noted: Noted, seen: Iterable[Seen]) -> Rehearsal:
    """Every event at its time, and the digests between them."""
    events = looks = 0
    made: list[Offer] = []
    for user, event in seen:
        assert event.at is not None
        events += 1
        await _until(watcher, clock, event.at)
        watcher.seen(user, [event])
        if watcher.due(user):
            looks += 1
            made += await watcher.consider(user)
            await watcher.sender.settle()
    await watcher.tick()
    await watcher.settle()
    return Rehearsal(
        events=events,
        looks=looks,
        offers=tuple(one for one in made if one.made == "offered"),
        withheld=tuple(one for one in made if one.made == "withheld"),
        silences=dict(Counter(one.check for one in made if one.check).most_common()),
        digests=tuple(noted.digests),
        failed=watcher.failed,
    )


async def _until(watcher: Watcher, clock: EventClock, at: datetime) -> None:
    """Let time pass: where nothing happens for long, digests still come at their times."""
    for _ in range(_MOST_STEPS if clock.begun else 0):
        if clock.now + _STEP >= at:
            break
        clock.now += _STEP
        await watcher.tick()
        await watcher.sender.settle()
    clock.now, clock.begun = max(clock.now, at), True
