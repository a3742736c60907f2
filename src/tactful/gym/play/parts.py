"""Who plays in an episode, and what each of them is shown. Rules or models fill these parts; the loop knows neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from tactful.errors import ParseError
from tactful.gym.types import GymStep, Play, Scene, Timing, Traits, Verdict
from tactful.prompts import Prompt
from tactful.types import Event, Moment, ProposalHistory

Generator = Literal["endpoint", "offline", "rules"]


class NoReply(ParseError):
    """A model gave no usable reply, also when asked anew. What can stand in its place its part says; else the loop ends."""


@dataclass(frozen=True)
class World:
    """An episode so far. Each part gives back what it adds; nothing is changed in place."""

    play: Play
    traits: Traits
    seed: int
    clock: datetime
    """Virtual time: of the last event."""
    background: str = ""
    identity: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    """Entity → state."""
    steps: tuple[GymStep, ...] = ()
    history: ProposalHistory = field(default_factory=ProposalHistory)
    shown_at: datetime | None = None
    """When the last offer was shown."""
    doing: str = ""
    """What the user has set out to do in the round that is being played."""
    work: Any = None
    """What the rules keep of the work from round to round; None where models play."""

    @property
    def scene(self) -> Scene:
        """Where this is played."""
        return self.play.scene

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that can be seen so far, oldest first."""
        return tuple(event for step in self.steps for event in step.seen)

    def draw_key(self, *what: object) -> tuple[object, ...]:
        """What draws of this round are seeded by: `seeded(*world.draw_key("gap"))`."""
        return (self.seed, self.play.id, len(self.steps), *what)

    def after(self, **changed: Any) -> World:
        """The world with these fields changed."""
        return replace(self, **changed)


@dataclass(frozen=True)
class Act:
    """What the user sets out to do."""

    text: str
    kind: Literal["act", "finish", "leave"] = "act"
    """`finish`: the goal is reached; `leave`: the user goes away. Both end the episode, after their events if any."""
    work: Any = None
    """The rules' account of the work after this act."""


@dataclass(frozen=True)
class Unfolded:
    """What an act looked like from outside."""

    events: tuple[Event, ...]
    changes: Mapping[str, str]
    timing: Timing | None = None
    help_wanted: bool | None = None
    work: Any = None
    """As in `Act`, where the surroundings changed it further; None leaves it."""


@dataclass(frozen=True)
class Seen:
    """What an assistant may know: events, what it can do, and how its offers fared. Never the goal or the outcome."""

    moment: Moment
    """With the proposal still None."""
    operations: tuple[str, ...]
    setting: str
    lang: str
    key: tuple[object, ...]
    """Seeds what a rule-based assistant draws."""
    rehearsal: Mapping[str, Any]
    """What the offline model must know of the hidden side; endpoints never get it."""
    fresh: int = 1
    """How many of the events came in this round."""
    since_asked: int = 1
    """How many came since the assistant was last asked: those of this round, and what it carried out in the last one."""


@dataclass(frozen=True)
class Proposed:
    """What an assistant says."""

    text: str | None
    shown: bool
    acceptance: float | None = None


@dataclass(frozen=True)
class Reacted:
    """What the user does with an offer that was shown."""

    verdict: Verdict
    reason: str
    leaves: bool = False
    work: Any = None


class Part(Protocol):
    """What every part says of itself, for the provenance."""

    @property
    def name(self) -> str:
        """Of the model, or `rules`."""
        ...

    @property
    def generator(self) -> Generator:
        """Who speaks."""
        ...

    @property
    def prompts(self) -> Sequence[Prompt]:
        """Used by this part; empty for rules."""
        ...


class ByRule:
    """Base of the parts that no model plays."""

    name: ClassVar[str] = "rules"
    generator: ClassVar[Generator] = "rules"
    prompts: ClassVar[tuple[Prompt, ...]] = ()


class Environment(Part, Protocol):
    """The surroundings: expands a scene, answers questions, turns acts into events."""

    async def expand(self, world: World) -> str:
        """The scene, told in full."""
        ...

    async def answer(self, world: World, question: str) -> str:
        """What the user finds when asking about the surroundings."""
        ...

    async def unfold(self, world: World, act: Act) -> Unfolded:
        """The timed events of an act, none earlier than `world.clock`, and the states that it changed.

        At least one event, but for an act that ends the episode.
        """
        ...

    async def carry_out(self, world: World, operations: Sequence[str]) -> Unfolded:
        """What it looks like when the assistant does these."""
        ...


class Worker(Part, Protocol):
    """The person at work."""

    async def introduce(self, world: World) -> str:
        """Who am I?"""
        ...

    async def ask(self, world: World) -> str | None:
        """A question about the surroundings before work begins; None: no further one."""
        ...

    async def act(self, world: World) -> Act:
        """The next thing to do."""
        ...

    async def react(self, world: World, unfolded: Unfolded, offer: str) -> Reacted | None:
        """Accept, reject or ignore; `world` ends before this round, `unfolded` is what has just happened.

        None: no usable reply was to be had, and the offer counts as held back.
        """
        ...


class Assistant(Part, Protocol):
    """Watches, and offers help or stays silent."""

    async def propose(self, seen: Seen) -> Proposed:
        """An offer, shown or held back, or silence."""
        ...

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """What it will do for an accepted offer, at most so many steps."""
        ...


@dataclass(frozen=True)
class Cast:
    """Who plays an episode."""

    environment: Environment
    worker: Worker
    assistant: Assistant
    assistant_label: str
    """How tables name who decides on offers: `gate:runs/gate`."""
    notes: list[str] = field(default_factory=list)
    """What the parts note down while they play; theirs alone, since every episode has a cast of its own."""


@dataclass(frozen=True)
class Limits:
    """Where an episode ends at the latest."""

    rounds: int = 60
    events: int = 200
    questions: int = 3
    """Of the user about the surroundings, before work begins."""
    operations: int = 3
    """Of the assistant for one accepted offer."""
