"""The steps by which a scene is built. Each is shown all former ones, and its reply is checked against them.

profile ─▶ work ─▶ entities ─▶ operations ─▶ events ─▶ final

Source: the scene generation of Proactive Agent (arXiv:2410.12361, section 3.1); prompts and checks our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, Field

from tactful.gym.scenes.rhythm import KINDS, Rhythm, distance, kind_shares
from tactful.gym.scenes.seeds import Seed
from tactful.prompts import Prompt, load_prompt
from tactful.text.lang import CJK, cjk_share, is_chinese, language
from tactful.text.similarity import normalise, similarity
from tactful.types import Record

FIELDS = {"mark", "seed", "former", "rhythm", "language"}
PROFILE = load_prompt(__file__, "profile", fields=FIELDS)
WORK = load_prompt(__file__, "work", fields=FIELDS)
ENTITIES = load_prompt(__file__, "entities", fields=FIELDS)
OPERATIONS = load_prompt(__file__, "operations", fields=FIELDS)
EVENTS = load_prompt(__file__, "events", fields=FIELDS)
FINAL = load_prompt(__file__, "final", fields=FIELDS)
LEAST_LIKE_TASK = 0.3
"""Similarity of n-grams from which a goal is the seed's task."""
FARTHEST_RHYTHM = 0.45
"""How far the kinds of example events may lie from those of a log, in [0, 1]."""
_NAME = re.compile(r"[^\s(){}\[\],;]{2,60}")


class StepReply(Record):
    """What a model answers in one step: the schema says what each field means; extra keys are left out."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class Profile(StepReply):
    """Surroundings and person."""

    theme: str = Field(min_length=2, max_length=120)
    """What this is about, in a few words."""
    surroundings: str = Field(min_length=20, max_length=1500)
    """Where the person works, with what, and what is special today: two to four sentences."""
    name: str = Field(min_length=1, max_length=60)
    """The person's name, invented."""
    description: str = Field(min_length=20, max_length=1500)
    """Age, trade, what this person can and cannot do, and how they take to help: two or three sentences with the name."""


class Work(StepReply):
    """Goal, pieces of work and character."""

    goal: str = Field(min_length=5, max_length=600)
    """The task of the seed, made concrete: what is reached when the work is done."""
    pieces: tuple[str, ...] = Field(min_length=3, max_length=8)
    """The pieces of work on the way, in their order."""
    character: str = Field(min_length=10, max_length=800)
    """How this person works: habits, what distracts, what annoys."""


class Thing(StepReply):
    """One thing that can be acted on."""

    name: str = Field(min_length=1, max_length=80)
    state: str = Field(min_length=1, max_length=300)
    """How it is before work begins."""
    operations: tuple[str, ...] = Field(min_length=1, max_length=10)
    """What can be done with it, each in one to four words."""


class Things(StepReply):
    """What is there."""

    entities: tuple[Thing, ...] = Field(min_length=4, max_length=14)


class Ability(StepReply):
    """One thing that the assistant can do."""

    name: str = Field(min_length=2, max_length=60)
    """As a function is named, without spaces."""
    arguments: tuple[str, ...] = Field(max_length=6)
    uses: tuple[str, ...] = Field(min_length=1, max_length=6)
    """Names of the entities that it reads or changes, as they were given."""

    @property
    def text(self) -> str:
        """`name(argument, argument)`"""
        return f"{self.name}({', '.join(self.arguments)})"


class Abilities(StepReply):
    """What the assistant can do."""

    operations: tuple[Ability, ...] = Field(min_length=3, max_length=14)


class Happening(StepReply):
    """One event, as it would be seen."""

    entity: str = Field(min_length=1, max_length=80)
    """Name of the entity that it touches most, as it was given."""
    text: str = Field(min_length=5, max_length=400)
    """One sentence in the third person."""


class Happenings(StepReply):
    """Sample events."""

    events: tuple[Happening, ...] = Field(min_length=8, max_length=24)


class Final(StepReply):
    """The scene as it will be read."""

    description: str = Field(min_length=40, max_length=2500)
    """Surroundings, person and situation in three to six sentences; names the person and the chief entities."""
    person: str = Field(min_length=20, max_length=2000)
    """Who works here: description and character in one text, with the name."""


@dataclass(frozen=True)
class Draft:
    """A scene so far."""

    seed: Seed
    rhythm: Rhythm | None = None
    profile: Profile | None = None
    work: Work | None = None
    things: Things | None = None
    abilities: Abilities | None = None
    happenings: Happenings | None = None
    final: Final | None = None

    @property
    def replies(self) -> dict[str, StepReply]:
        """What is settled, by the step that did it."""
        told = {step.name: getattr(self, step.name) for step in STEPS}
        return {name: reply for name, reply in told.items() if reply is not None}


T = TypeVar("T", bound=StepReply)


@dataclass(frozen=True)
class Step(Generic[T]):
    """One question to the model."""

    name: str
    """The field of the draft that it fills."""
    prompt: Prompt
    reply: type[T]
    check: Callable[[Any, Draft], str]
    """What is wrong with a reply, by the steps before it; empty when nothing is."""


def _wrong_profile(reply: Profile, draft: Draft) -> str:
    if normalise(reply.name).split()[0:1] and not _mentions(reply.description, reply.name):
        return f"the description does not name {reply.name}"
    return _other_language(draft, reply.surroundings, reply.description)


def _wrong_work(reply: Work, draft: Draft) -> str:
    if similarity(reply.goal, draft.seed.task) < LEAST_LIKE_TASK:
        return f"the goal '{reply.goal}' is not the task of the seed, '{draft.seed.task}'"
    if len({normalise(piece) for piece in reply.pieces}) < len(reply.pieces):
        return "two pieces of work are the same"
    return _other_language(draft, reply.goal, *reply.pieces, reply.character)


def _wrong_things(reply: Things, draft: Draft) -> str:
    seen: set[str] = set()
    for thing in reply.entities:
        name = _bare(thing.name)
        if not name:
            return f"'{thing.name}' is no name"
        if name in seen:
            return f"the entity '{thing.name}' is given twice"
        seen.add(name)
    return _other_language(draft, *(thing.state for thing in reply.entities))


def _wrong_abilities(reply: Abilities, draft: Draft) -> str:
    known = _entities(draft)
    seen: set[str] = set()
    for ability in reply.operations:
        if not _NAME.fullmatch(ability.name):
            return (
                f"the operation '{ability.name}' is not named as a function is, without spaces and brackets"
            )
        if ability.name in seen:
            return f"the operation '{ability.name}' is given twice"
        seen.add(ability.name)
        strange = next((name for name in ability.uses if _bare(name) not in known), None)
        if strange is not None:
            return f"the operation '{ability.name}' uses '{strange}', which is no entity; there are {_listed(known)}"
    return ""


def _wrong_happenings(reply: Happenings, draft: Draft) -> str:
    known = _entities(draft)
    strange = next((event for event in reply.events if _bare(event.entity) not in known), None)
    if strange is not None:
        return f"the event '{strange.text}' touches '{strange.entity}', which is no entity; there are {_listed(known)}"
    texts = [event.text for event in reply.events]
    if len({normalise(text) for text in texts}) < len(texts):
        return "two events are the same"
    fitting = [event for event in reply.events if _fits(event, draft)]
    if 2 * len(fitting) < len(texts):
        odd = next(event for event in reply.events if event not in fitting)
        return f"most events do not name what they touch; '{odd.text}' says nothing of '{odd.entity}'"
    touched = {_bare(event.entity) for event in reply.events}
    if len(touched) < 3:
        return f"the events touch {len(touched)} of {len(known)} entities; let them touch three at least"
    return _other_language(draft, *texts) or _off_rhythm(texts, draft.rhythm)


def _off_rhythm(texts: list[str], rhythm: Rhythm | None) -> str:
    """What the events have too much and too little of, where they follow a log."""
    if rhythm is None:
        return ""
    found = kind_shares(texts)
    if distance(found, rhythm.kinds) <= FARTHEST_RHYTHM:
        return ""
    lack = max(KINDS, key=lambda kind: rhythm.kinds.get(kind, 0.0) - found.get(kind, 0.0))
    much = max(KINDS, key=lambda kind: found.get(kind, 0.0) - rhythm.kinds.get(kind, 0.0))
    return (
        f"the events do not follow the rhythm: {lack} is {found.get(lack, 0.0):.0%} of them and should be near "
        f"{rhythm.kinds.get(lack, 0.0):.0%}, {much} is {found.get(much, 0.0):.0%} and should be near "
        f"{rhythm.kinds.get(much, 0.0):.0%}"
    )


def _wrong_final(reply: Final, draft: Draft) -> str:
    assert draft.profile is not None
    name = draft.profile.name
    for what, text in (("description", reply.description), ("person", reply.person)):
        if not _mentions(text, name):
            return f"the {what} does not name {name}"
    if not any(_mentions(reply.description, entity) for entity in _entities(draft).values()):
        return f"the description names none of the entities {_listed(_entities(draft))}"
    return _other_language(draft, reply.description, reply.person)


STEPS: tuple[Step[Any], ...] = (
    Step("profile", PROFILE, Profile, _wrong_profile),
    Step("work", WORK, Work, _wrong_work),
    Step("things", ENTITIES, Things, _wrong_things),
    Step("abilities", OPERATIONS, Abilities, _wrong_abilities),
    Step("happenings", EVENTS, Happenings, _wrong_happenings),
    Step("final", FINAL, Final, _wrong_final),
)


# ---------------------------------------------------------------- how texts are compared


def _entities(draft: Draft) -> dict[str, str]:
    """Name as it is compared → as it was given."""
    assert draft.things is not None
    return {_bare(thing.name): thing.name for thing in draft.things.entities}


def _bare(name: str) -> str:
    return normalise(name).strip()


def _listed(names: dict[str, str]) -> str:
    return ", ".join(f"'{name}'" for name in names.values())


def _mentions(text: str, name: str) -> bool:
    """Whether a text has one of the name's words, or two signs of it in a row where it is Chinese."""
    bare = normalise(text)
    words = [word for word in _bare(name).split() if len(word) > 2] or _bare(name).split()
    if CJK.search(name):
        run = "".join(CJK.findall(name))
        return run in text or any(run[at : at + 2] in text for at in range(len(run) - 1))
    return any(f" {word}" in bare for word in words)


def _fits(event: Happening, draft: Draft) -> bool:
    """Whether an event speaks of its entity, or of something that can be done with it."""
    assert draft.things is not None
    thing = next(one for one in draft.things.entities if _bare(one.name) == _bare(event.entity))
    return any(_mentions(event.text, name) for name in (thing.name, *thing.operations))


def _other_language(draft: Draft, *texts: str) -> str:
    """Chinese signs where they are not wanted, or none where they are; Japanese and Korean are not told apart from either."""
    lang = draft.seed.lang
    chinese = cjk_share(" ".join(texts)) > 0.2
    if chinese == is_chinese(lang) or lang.lower().startswith(("ja", "ko")):
        return ""
    return f"it is not written in {language(lang, 'the task')}"
