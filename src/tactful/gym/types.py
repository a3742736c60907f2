"""The records of the gym: scenes, who works in them, and the episodes that were played.

What only the simulation knows (whether help was wanted, where the work stood, what the user said of an offer) lives in
`Outcome`, which is private: no assistant, gate or export is shown it, save as the label of a moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from tactful.data.formats.episodes import moments_of
from tactful.types import (
    Event,
    LabelledMoment,
    Private,
    ProposalHistory,
    Provenance,
    Record,
    Written,
)

Setting = Literal["coding", "writing", "daily"]
SETTINGS: tuple[Setting, ...] = ("coding", "writing", "daily")
Timing = Literal["boundary", "flow", "stuck", "late"]
"""Where the work stands when an offer could come: between two pieces of work; in the middle of one; at an error or a
fruitless search; after the trouble that it would have helped with is over."""
Verdict = Literal["accepted", "rejected", "ignored"]
End = Literal["goal", "left", "rounds", "events", "cut"]
"""Why an episode ended: the goal was reached, the user went away, a limit of rounds or of events was met, or no usable
reply was to be had for the next round, and what was played until then stands (`notes` say why)."""


# ---------------------------------------------------------------- scenes


class Entity(Record):
    """Something in the user's surroundings that can be acted on."""

    name: str = Field(min_length=1)
    state: str = ""
    operations: tuple[str, ...] = ()
    """What can be done with it."""


class SceneUser(Record):
    """Who works here, and at what."""

    description: str = Field(min_length=1)
    goal: str = Field(min_length=1)


class Scene(Written):
    """Where an episode starts: surroundings, a person, a goal, and what the assistant could do."""

    row_kind = "scenes"

    id: str = Field(min_length=1)
    setting: Setting
    lang: str = "en"
    group: str = ""
    """Scenes made from one seed task share it, and splits go by it; empty: the id."""
    theme: str = ""
    description: str = Field(min_length=1)
    entities: tuple[Entity, ...] = ()
    operations: tuple[str, ...] = ()
    """What the assistant can do, as `name(argument, argument)`."""
    example_events: tuple[str, ...] = ()
    user: SceneUser
    provenance: Provenance | None = None

    @property
    def split(self) -> str:
        """What splits and intervals go by."""
        return self.group or self.id


class Traits(Record):
    """Lasting traits of one simulated person at work; each from 0 to 1 unless said otherwise, 0.5 the middling person."""

    name: str = ""
    openness: float = Field(default=0.5, ge=0, le=1)
    """How welcome help is at all."""
    patience: float = Field(default=0.5, ge=0, le=1)
    """How many unwelcome offers are borne before all are refused, and then the work is left."""
    skill: float = Field(default=0.5, ge=0, le=1)
    """How seldom the work goes wrong."""
    focus: float = Field(default=0.5, ge=0, le=1)
    """How long a stretch of work lasts before something else is turned to."""
    pace: float = Field(default=1.0, gt=0, le=100_000)
    """Factor on the seconds between events, where rules tell them; a model is not shown it."""


class Play(Record):
    """One scene to be played once by one person: what the runner hands to the stage."""

    id: str = Field(min_length=1)
    """`<scene>/p<pass>`"""
    scene: Scene
    traits: Traits | None = None
    """None: drawn for this play, by the run's seed."""
    pass_index: int = Field(default=0, ge=0)


# ---------------------------------------------------------------- what happens


def event_at(at: datetime, text: str) -> Event:
    """An event with its time also written out: files of moments keep times as text alone."""
    return Event(at=at, text=text, time=at.isoformat())


class Outcome(Private):
    """What the simulation alone knows of a step."""

    timing: Timing | None = None
    """None where nobody can say."""
    help_wanted: bool | None = None
    """Whether help was wanted here, whatever was offered; None where nobody can say."""
    verdict: Verdict | None = None
    """What the user did with the offer; None when none was shown."""
    reason: str = ""
    """Why, in the user's words or the rule's name."""


class GymStep(Record):
    """One round: what the user did, what the assistant then saw and said, and what came of it."""

    index: int = Field(ge=0)
    act: str
    """What the user set out to do."""
    events: tuple[Event, ...]
    """What that looked like to the assistant, oldest first; never empty but in the last step of an episode."""
    changes: Mapping[str, str] = {}
    """Entity → its new state."""
    history: ProposalHistory = ProposalHistory()
    """What was known of this user's reactions before the offer."""
    proposal: str | None = None
    """What the assistant would offer; None: nothing."""
    shown: bool = False
    """Whether the user saw it: a gate may hold it back."""
    acceptance: float | None = Field(default=None, ge=0, le=1)
    """P(accepted) of the gate that decided, where one did."""
    carried_out: tuple[Event, ...] = ()
    """What the assistant then did, when the offer was accepted."""
    outcome: Outcome = Outcome()

    @property
    def seen(self) -> tuple[Event, ...]:
        """What an assistant saw of this round, its own work included, oldest first."""
        return (*self.events, *self.carried_out)


class GymEpisode(Written):
    """A scene played to its end."""

    row_kind = "episodes"

    id: str
    """The play's."""
    scene_id: str
    scene: Scene | None = None
    """As it was played, so that a round can be played again; None for episodes that came from elsewhere."""
    group: str
    """What splits and intervals go by: the scene's."""
    setting: Setting
    lang: str = "en"
    goal: str = ""
    assistant: str
    """Who decided on offers, as tables name it."""
    traits: Traits | None = None
    identity: str = ""
    """Whom the user agent took itself for."""
    background: str = ""
    """The scene as the environment expanded it."""
    asked: tuple[tuple[str, str], ...] = ()
    """What the user asked about the surroundings beforehand, with the answers."""
    steps: tuple[GymStep, ...]
    end: End
    notes: tuple[str, ...] = ()
    """Where a model gave no usable reply and what stands in its place, in order; empty for rules."""
    provenance: Provenance

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that an assistant saw, its own work included, oldest first."""
        return tuple(event for step in self.steps for event in step.seen)

    @property
    def open_rounds(self) -> tuple[GymStep, ...]:
        """The rounds in which an offer could come: all but the act by which somebody finishes or leaves."""
        closed = self.end in ("goal", "left") and self.steps and self.steps[-1].proposal is None
        return self.steps[:-1] if closed else self.steps

    def moments(self) -> Iterator[LabelledMoment]:
        """A labelled moment for each shown offer, and for each silence of which it is known whether help was wanted."""
        return moments_of(self)
