"""`Watcher`: events in, offers out. Whatever fails, the person is left in peace, and the reason is written down.

seen:      an event joins its person's window, at once, whatever is being waited for
consider:  window → candidates → decisions → what may go out is sent, in a task of its own
tick:      digests of what was withheld
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tactful.live.delivery.busy import Busy
from tactful.live.delivery.checks import FOR_A_DIGEST, muted, silence
from tactful.live.delivery.ledger import Ledger
from tactful.live.delivery.policy import DeliveryPolicy
from tactful.live.delivery.sending import Sender
from tactful.live.delivery.types import Candidate, Check, Offer, Reaction
from tactful.live.keeping.memory import Memory
from tactful.live.watch.acceptance import Acceptor
from tactful.live.watch.deciding import Alike, Decider
from tactful.live.watch.types import MOST_CANDIDATES, Proposer, ProposerFailed, WatchSettings, Window
from tactful.types import Event, ProposalHistory

_log = logging.getLogger(__name__)
_MOST_PEOPLE = 10_000
_TICK_S = 30.0
_SENDING, _LATELY = timedelta(minutes=45), timedelta(days=2)
"""The longest that sending takes, and how far back what was left behind is looked for."""
_PRUNE_S = 86_400.0
Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


@dataclass
class _Person:
    """What is known of one person between events; nothing that must outlive the process."""

    events: deque[tuple[datetime, Event]]
    """With the time at which each was seen."""
    busy: Busy
    fresh: int = 0
    looked_at: datetime | None = None
    alike: Alike = field(default_factory=Alike)
    digest: datetime | None = None
    """The time of the last digest that was sent."""
    following: asyncio.Task[None] | None = field(default=None, repr=False)


class Watcher:
    """Looks after people. Its methods belong to one event loop."""

    def __init__(
        self,
        memory: Memory,
        ledger: Ledger,
        proposer: Proposer,
        acceptor: Acceptor,
        sender: Sender,
        *,
        policy: DeliveryPolicy,
        settings: WatchSettings | None = None,
        clock: Clock = wall_clock,
    ) -> None:
        self.policy, self.settings, self.clock = policy, settings or WatchSettings(), clock
        self.ledger, self.sender = ledger, sender
        self.failed = 0
        """Looks that failed, and ended in silence."""
        self._memory, self._proposer = memory, proposer
        self._decider = Decider(memory, ledger, acceptor, policy, self.settings.timeout_s)
        self._people: OrderedDict[str, _Person] = OrderedDict()
        self._slots = asyncio.Semaphore(self.settings.at_once)

    # ------------------------------------------------------------ events

    def seen(self, user: str, events: Sequence[Event]) -> None:
        """Take in events of one person (a hash), oldest first. Never waits."""
        at = self.clock()
        person = self._person(user)
        for event in events:
            if not event.time:
                event = Event(at=at, text=event.text, time=at.isoformat())
            person.events.append((at, event))
            person.busy.note(event, at)
        person.fresh = min(person.fresh + len(events), len(person.events))

    def follow(self, user: str) -> None:
        """Look at this person's window soon, and again for as long as events come."""
        person = self._person(user)
        if person.following is None or person.following.done():
            person.following = asyncio.ensure_future(self._follow(user, person))

    async def _follow(self, user: str, person: _Person) -> None:
        while person.fresh:
            wait = self.settings.every_s - self._since_look(person)
            if wait > 0:
                await asyncio.sleep(wait)
            async with self._slots:
                if self._people.get(user) is not person:
                    return  # forgotten meanwhile, over more people than are kept in mind
                await self.consider(user)

    def due(self, user: str) -> bool:
        """Whether there is something new, and the last look is long enough ago."""
        person = self._person(user)
        return person.fresh > 0 and self._since_look(person) >= self.settings.every_s

    def _since_look(self, person: _Person) -> float:
        if person.looked_at is None:
            return float("inf")
        return max(0.0, (self.clock() - person.looked_at).total_seconds())

    def _person(self, user: str) -> _Person:
        person = self._people.get(user)
        if person is None:
            person = _Person(deque(maxlen=self.settings.events), Busy(self.policy.busy))
            self._people[user] = person
            if len(self._people) > _MOST_PEOPLE:
                self._people.popitem(last=False)
        self._people.move_to_end(user)
        return person

    # ------------------------------------------------------------ deciding

    async def consider(self, user: str) -> list[Offer]:
        """Look at this person's window now: the decisions. Never raises for what fails inside."""
        person = self._person(user)
        at, fresh = self.clock(), person.fresh
        person.fresh, person.looked_at = 0, at
        try:
            return await self._considered(user, person, at, fresh)
        except Exception as error:
            self.failed += 1
            _log.warning("nothing was offered, a look failed: %s", type(error).__name__)
            return []

    async def _considered(self, user: str, person: _Person, at: datetime, fresh: int) -> list[Offer]:
        window = await self._window(user, person, at, fresh)
        if window is None:
            return []
        candidates, why = await self._proposed(window)
        if not candidates:
            check: Check = "proposer" if why else "nothing"
            offer = Offer(
                id=uuid4().hex, at=at, user=user, made="nothing", check=check, proposer=self._proposer.name,
                reason=why or "nothing was proposed",
            )  # fmt: skip
            self._decider.keep(offer, window, offer.reason, person.alike)
            return [offer]
        made = await self._decider.decide(
            window, candidates, person.busy.now(at), person.alike, proposer=self._proposer.name
        )
        for one in made:
            if one.made == "offered":
                self.sender.send([one], digest=False)
        return made

    async def _window(self, user: str, person: _Person, at: datetime, fresh: int) -> Window | None:
        oldest = at - timedelta(minutes=self.settings.minutes)
        events = tuple(event for when, event in person.events if when >= oldest)
        if not events:
            return None
        history = await asyncio.to_thread(self.ledger.history, user, at)
        return Window(user, at, events, min(fresh, len(events)), history)

    async def _proposed(self, window: Window) -> tuple[list[Candidate], str]:
        """The candidates, or why there are none."""
        try:
            found = await asyncio.wait_for(self._proposer.propose(window), self.settings.timeout_s)
        except TimeoutError:
            return [], f"no proposal within {self.settings.timeout_s:g} s"
        except ProposerFailed as error:
            return [], str(error)
        except Exception as error:  # whatever a proposer does: silence
            return [], f"the proposer failed: {type(error).__name__}"
        return list({one.key: one for one in found}.values())[:MOST_CANDIDATES], ""

    # ------------------------------------------------------------ digests

    async def tick(self) -> None:
        """Send the digests that are due. Never raises for what fails inside."""
        at = self.clock()
        slot = self.policy.digest_slot(at)
        if slot is None or self.policy.mode != "act":
            return
        try:
            await asyncio.wrap_future(self.ledger.left_behind(at - _SENDING, at - _LATELY))
            waiting = await asyncio.to_thread(self.ledger.waiting)
            for user in dict.fromkeys(one.user for one in waiting):
                mine = [one for one in waiting if one.user == user]
                person = self._person(user)
                if mine[0].at < slot and person.digest != slot:
                    await self._digest(mine, person, slot, at)
        except Exception as error:
            self.failed += 1
            _log.warning("no digest was sent: %s", type(error).__name__)

    async def _digest(self, mine: Sequence[Offer], person: _Person, slot: datetime, at: datetime) -> None:
        """Send what waits for one person, unless they want peace; what they want no more is over."""
        window = Window(mine[0].user, at, (), 0, ProposalHistory())
        standing = await asyncio.to_thread(self._decider.standing, window, person.busy.now(at))
        if silence(self.policy, standing, _A_DIGEST, at, FOR_A_DIGEST) is not None:
            return
        person.digest = slot
        kinds = {kind: _A_DIGEST.model_copy(update={"kind": kind}) for kind in {one.kind for one in mine}}
        unwanted = {kind for kind, one in kinds.items() if muted(self.policy, standing, one, at)}
        if over := [one.id for one in mine if one.kind in unwanted]:
            self.ledger.over(over)
        if wanted := [one for one in mine if one.kind not in unwanted]:
            self.sender.send(wanted, digest=True)

    async def run(self) -> None:
        """Send digests when they are due and remove what is too old, until cancelled."""
        pruned = -_PRUNE_S
        while True:
            if time.monotonic() - pruned > _PRUNE_S:
                self._memory.prune()
                pruned = time.monotonic()
            await self.tick()
            await asyncio.sleep(_TICK_S)

    # ------------------------------------------------------------ reactions

    def answered(self, id: str, answer: str, *, minutes: float = 60.0) -> Offer | None:
        """What somebody did with an offer: `accept`, `dismiss`, `snooze` or `mute`. None: there is no such offer.

        Only the first of accepting, dismissing and muting is learned. A snooze is about the moment, and teaches nothing of the kind.
        Blocks for a commit. Raises: UserError where the database cannot be reached.
        """
        at = self.clock()
        offer = self.ledger.find(id)
        if offer is None or offer.made == "nothing":
            return None
        if answer == "snooze":
            self.ledger.pause(offer.user, "", at + timedelta(minutes=minutes))
            return offer
        if answer == "mute":
            self.ledger.pause(offer.user, offer.kind, None)
        reaction: Reaction = _REACTIONS[answer]
        first = self.ledger.react(id, reaction, at)
        if first is None:
            return offer
        self._memory.offered(offer.user, offer.kind, reaction == "accepted", at)
        return first

    # ------------------------------------------------------------ ending

    async def settle(self) -> None:
        """Look at what is new, and wait until everything has been sent and stored."""
        for person in tuple(self._people.values()):
            if person.following is not None:
                await person.following
        await self.sender.settle()
        await asyncio.to_thread(self._memory.settle)

    async def close(self) -> None:
        """Stop looking, send and store what was decided, and let go."""
        for person in self._people.values():
            if person.following is not None:
                person.following.cancel()
        await self.sender.close()
        await self._proposer.close()
        await asyncio.to_thread(self._memory.close)


_REACTIONS: dict[str, Reaction] = {"accept": "accepted", "dismiss": "dismissed", "mute": "muted"}
_A_DIGEST = Candidate(kind="digest", text="digest")
