"""The surroundings played by a language model: it tells the scene, answers, and turns what is done into timed events.

Source: environment gym of Proactive Agent (arXiv:2410.12361); prompts our own. A model says how many seconds pass, the
clock is ours; entities that the scene does not have are left out of what changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from tactful.gym.play.asking import ModelPart, PartReply, plain
from tactful.gym.play.parts import Act, Unfolded, World
from tactful.gym.play.shown import clock, traits, world_fields
from tactful.gym.types import Timing, event_at
from tactful.llm.replies.words import Said
from tactful.prompts import Rendered, load_prompt
from tactful.text.quoting.lines import as_json
from tactful.text.quoting.shorten import shortened
from tactful.types import Event

EXPAND = load_prompt(__file__, "expand", fields={"mark", "scene", "examples", "person", "language"})
ANSWER = load_prompt(
    __file__, "answer", fields={"mark", "scene", "background", "answers", "question", "language"}
)
_UNFOLDING = {"mark", "scene", "examples", "background", "happened", "now", "language"}
UNFOLD = load_prompt(__file__, "unfold", fields=_UNFOLDING | {"act", "skill", "focus", "openness"})
CARRY_OUT = load_prompt(__file__, "carry_out", fields=_UNFOLDING | {"operations"})

MOST_EVENTS = 8
"""Of one act; what a model tells beyond them is left out."""
LONGEST_S = 4 * 3600.0
"""Most seconds that one act takes."""
_MOST_EVENT, _MOST_STATE, _MOST_ANSWER, _MOST_BACKGROUND = 600, 300, 1_000, 6_000


class BackgroundReply(PartReply):
    """The scene told in full."""

    background: Said
    """The surroundings in two to four short paragraphs."""


class AnswerReply(PartReply):
    """What is found."""

    answer: Said
    """One to three sentences."""


class TimedEvent(PartReply):
    """One thing that can be seen."""

    after_s: float = Field(ge=0, le=LONGEST_S)
    """Whole seconds after now at which it happens."""
    event: Said
    """One sentence."""


class Change(PartReply):
    """One thing that is in another state now."""

    entity: str
    """Its name, spelt as in the scene."""
    state: str
    """A few words."""


class EventsReply(PartReply):
    """What can be seen of it."""

    events: tuple[TimedEvent, ...]
    """In order of time."""
    changes: tuple[Change, ...] = ()
    """Only what has changed."""


class UnfoldReply(EventsReply):
    """What an act of the person looks like, and where the work stands then."""

    timing: Timing
    """boundary: between two pieces of work; flow: in the middle of one; stuck: at an error, or searching without success;
    late: trouble that help was wanted for is just over."""
    help_wanted: bool
    """Whether a good offer of help would be welcome to this person right after these events."""


class GoingOnReply(UnfoldReply):
    """What an act that goes on looks like: something can be seen of it. And where the work stands then."""

    events: tuple[TimedEvent, ...] = Field(min_length=1)


@dataclass(frozen=True)
class ModelEnvironment(ModelPart):
    """A chat model as the surroundings."""

    prompts = (EXPAND, ANSWER, UNFOLD, CARRY_OUT)

    async def expand(self, world: World) -> str:
        """The scene in full; without a usable reply its own description."""

        def prompt(max_chars: int) -> Rendered:
            return EXPAND.render(**world_fields(world, max_chars, "scene", "examples", "person"))

        instead = "the scene's own description stands for its background"
        told = await self.speaker.say_or_note(prompt, BackgroundReply, index=0, instead=instead)
        return shortened(told.background.strip(), _MOST_BACKGROUND) if told else world.scene.description

    async def answer(self, world: World, question: str) -> str:
        """What the person finds; empty without a usable reply."""

        def prompt(max_chars: int) -> Rendered:
            names = ("scene", "background", "answers")
            return ANSWER.render(**world_fields(world, max_chars, *names, question=as_json(question)))

        instead = "a question stays without an answer"
        said = await self.speaker.say_or_note(prompt, AnswerReply, index=0, instead=instead)
        return plain(said.answer, _MOST_ANSWER) if said else ""

    async def unfold(self, world: World, act: Act) -> Unfolded:
        """The events of an act; without a usable reply the act itself is its only event, and nobody knows where the work stands."""

        def prompt(max_chars: int) -> Rendered:
            shown = _shown(world, max_chars, act=as_json({"act": act.text, "kind": act.kind}))
            return UNFOLD.render(**shown, **traits(world.traits, "skill", "focus", "openness"))

        going_on = act.kind == "act"
        reply = await self.speaker.say_or_note(
            prompt,
            GoingOnReply if going_on else UnfoldReply,
            index=len(world.steps),
            instead="the act stands for its events",
        )
        if reply is None:
            return Unfolded(_bare(world, [act.text] if going_on else []), {})
        return Unfolded(_timed(reply, world.clock), _changes(reply, world), reply.timing, reply.help_wanted)

    async def carry_out(self, world: World, operations: Sequence[str]) -> Unfolded:
        """What the assistant's work looks like; without a usable reply each operation is its own event."""

        def prompt(max_chars: int) -> Rendered:
            steps = "\n".join(as_json(operation) for operation in operations)
            return CARRY_OUT.render(**_shown(world, max_chars, operations=steps))

        instead = "the assistant's operations stand for their events"
        reply = await self.speaker.say_or_note(
            prompt, EventsReply, index=len(world.steps) - 1, instead=instead
        )
        if reply is None:
            return Unfolded(_bare(world, operations), {})
        return Unfolded(_timed(reply, world.clock), _changes(reply, world))


def _shown(world: World, max_chars: int, **more: str) -> dict[str, str]:
    told = world_fields(world, max_chars, "scene", "examples", "background", "happened", **more)
    return {**told, "now": clock(world.clock)}


def _timed(reply: EventsReply, now: datetime) -> tuple[Event, ...]:
    """The events on our clock, in order of time, equal ones once."""
    found = sorted(reply.events[:MOST_EVENTS], key=lambda one: one.after_s)
    told = dict.fromkeys((round(one.after_s), plain(one.event, _MOST_EVENT)) for one in found)
    return tuple(event_at(now + timedelta(seconds=after_s), text) for after_s, text in told)


def _changes(reply: EventsReply, world: World) -> Mapping[str, str]:
    """Entity of the scene → its new state, a few words."""
    known = {name.casefold(): name for name in world.states}
    found = {
        known[name]: plain(one.state, _MOST_STATE)
        for one in reply.changes
        if (name := one.entity.strip().casefold()) in known
    }
    return {name: state for name, state in found.items() if state != world.states[name]}


def _bare(world: World, texts: Sequence[str]) -> tuple[Event, ...]:
    return tuple(
        event_at(world.clock + timedelta(seconds=at + 1), plain(text, _MOST_EVENT))
        for at, text in enumerate(texts)
        if text.strip()
    )
