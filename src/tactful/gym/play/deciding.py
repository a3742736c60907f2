"""Who decides when help is offered, and who words the offer: both together are the assistant of an episode.

`none`, `always`, `every:N` and the proposer's own judgement are here; a gate and a policy are wired in from `api/gym/`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tactful.errors import UsageError
from tactful.gym.play.parts import Generator, Part, Proposed, Seen
from tactful.prompts import Prompt

Words = Callable[[bool], Awaitable[str | None]]
"""Asks the proposer for an offer: with True it offers the best that it has, with False it may choose silence."""
SILENCE = Proposed(None, shown=False)


class Proposer(Part, Protocol):
    """Words offers, and carries out what was accepted. When to speak is not its business unless it is asked."""

    async def offer(self, seen: Seen, *, due: bool) -> str | None:
        """The help to offer now. `due`: somebody else decides whether it is shown, so say the best there is."""
        ...

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """What it will do for an accepted offer, at most so many steps."""
        ...


class Decider(Protocol):
    """Decides whether an offer is made. Holds no state between calls: everything it may know is in `seen`."""

    @property
    def label(self) -> str:
        """As tables name the assistant: `every:10`, `gate:runs/gate`."""
        ...

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """An offer, shown or held back, or silence. It asks for `words` only where it needs them. Raises as models do."""
        ...


@dataclass(frozen=True)
class Never:
    """No offer at all."""

    label: str = "none"

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """Silence."""
        return SILENCE


@dataclass(frozen=True)
class Always:
    """An offer in every round."""

    label: str = "always"

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """The proposer's best."""
        return said(await words(True))


@dataclass(frozen=True)
class Every:
    """An offer whenever another `events` events have been seen, whatever they are."""

    events: int

    @property
    def label(self) -> str:
        """`every:10`"""
        return f"every:{self.events}"

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """The proposer's best where a multiple of the number was passed since it was last asked, else silence."""
        now = len(seen.moment.events)
        due = now // self.events > (now - seen.since_asked) // self.events
        return said(await words(True)) if due else SILENCE


@dataclass(frozen=True)
class OwnJudgement:
    """The proposer decides by itself."""

    label: str

    async def decide(self, seen: Seen, words: Words) -> Proposed:
        """What the proposer says; it may choose silence."""
        return said(await words(False))


def said(text: str | None) -> Proposed:
    """An offer that is shown; silence for None."""
    return Proposed(text, shown=text is not None)


def plain_decider(spec: str) -> Never | Always | Every | None:
    """The decider that `none`, `always` or `every:N` names; None where the name is another's. Raises: UsageError."""
    if spec == "none":
        return Never()
    if spec == "always":
        return Always()
    if not spec.startswith("every:"):
        return None
    count = spec.removeprefix("every:")
    if not re.fullmatch("[0-9]{1,12}", count) or int(count) < 1:
        raise UsageError(f"--assistant {spec[:60]}: '{count[:60]}' is no number of events; write every:10")
    return Every(int(count))


@dataclass(frozen=True)
class Assisting:
    """The assistant of an episode: one words, one decides."""

    proposer: Proposer
    decider: Decider

    @property
    def name(self) -> str:
        """The proposer's."""
        return self.proposer.name

    @property
    def generator(self) -> Generator:
        """The proposer's."""
        return self.proposer.generator

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The proposer's."""
        return self.proposer.prompts

    async def propose(self, seen: Seen) -> Proposed:
        """What is offered here. Raises as models do."""

        async def words(due: bool) -> str | None:
            return await self.proposer.offer(seen, due=due)

        return await self.decider.decide(seen, words)

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """What the proposer will do."""
        return await self.proposer.operations(seen, offer, most=most)
