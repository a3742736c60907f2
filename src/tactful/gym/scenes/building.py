"""From a brief to its scene, straight down: six questions, each shown the answers before it, each answer checked."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from pydantic import Field

from tactful.errors import ParseError
from tactful.gym.scenes.rhythm import Rhythm, habits
from tactful.gym.scenes.seeds import Seed
from tactful.gym.scenes.steps import STEPS, Draft, Step, StepReply
from tactful.gym.types import Entity, Scene, SceneUser
from tactful.llm import or_afresh
from tactful.llm.types import ChatModel, rehearsal_for, spoken_by
from tactful.prompts import Prompt, Rendered, load_prompt
from tactful.text.lang import language
from tactful.text.quoting.fence import fenced
from tactful.text.quoting.lines import as_json, on_one_line
from tactful.types import Message, Record, seeded

CORRECTION = load_prompt(__file__, "correct_step", fields={"problem"})
PROMPTS: tuple[Prompt, ...] = (*(step.prompt for step in STEPS), CORRECTION)
ASK_AGAIN = 2
"""How often a reply that does not fit the steps before it is asked for again."""
MOST_EVENTS = 12
"""Sample events of a seed that a model is shown; of more, so many are drawn."""
_NOTHING = "(nothing)"

_PLACES = (
    "at home", "in an open-plan office", "on a train", "in a workshop", "in a library", "behind a counter",
    "in a small office over a shop", "in a school", "in a clinic", "in a café", "in a rented flat", "on a farm",
)  # fmt: skip
_AGES = ("19", "24", "28", "33", "39", "46", "52", "58", "64", "71")
_MANNERS = (
    "calm and slow", "quick and scattered", "thorough", "in a hurry today", "tired today", "proud of the craft",
    "new to this", "experienced and sceptical", "cheerful", "easily put off",
)  # fmt: skip
T = TypeVar("T", bound=StepReply)


class Brief(Record):
    """One scene to be built: what the runner hands to the stage."""

    id: str = Field(min_length=1)
    """`<seed>/s<index>`"""
    seed: Seed
    index: int = Field(default=0, ge=0)
    rhythm: Rhythm | None = None
    """Of a log that the scene follows: figures alone."""


async def build_scene(brief: Brief, model: ChatModel, *, seed: int = 0, run_id: str = "") -> Scene:
    """The scene of a brief.

    Raises: ParseError, when a step's reply stays unusable or at odds with the steps before it; ProviderError; StopRun.
    """
    rng = seeded(seed, brief.id)
    drawn = {"place": rng.choice(_PLACES), "age": rng.choice(_AGES), "manner": rng.choice(_MANNERS)}
    shown = _seed_lines(brief.seed, rng)
    draft = Draft(seed=brief.seed, rhythm=brief.rhythm)
    for step in STEPS:
        prompt = _prompt(step, draft, drawn, shown)
        reply = await or_afresh(partial(_ask, model, step, prompt, draft, _facts(draft, drawn, brief)))
        draft = replace(draft, **{step.name: reply})
    return _scene(brief, draft, model, seed=seed, run_id=run_id)


async def _ask(model: ChatModel, step: Step[T], prompt: Rendered, draft: Draft, facts: dict[str, Any]) -> T:
    """A reply that the steps before it bear out; what is wrong with one is sent back to the model."""
    rehearsal = rehearsal_for(model, "gym.scenes", f"scene_{step.name}", facts)
    for _ in range(ASK_AGAIN + 1):
        reply = await model.structured(prompt, step.reply, rehearsal=rehearsal)
        problem = step.check(reply, draft)
        if not problem:
            return reply
        said = Message(role="assistant", content=reply.model_dump_json())
        again = CORRECTION.render(problem=on_one_line(problem, 1000))
        prompt = prompt.followed_by((said, *again.messages))
    raise ParseError(
        f"{model.name}: step '{step.name}' was at odds with the steps before it in {ASK_AGAIN + 1} replies: {problem}",
        reply=reply.model_dump_json(),
    )


def _prompt(step: Step[Any], draft: Draft, drawn: dict[str, str], seed_lines: str) -> Rendered:
    shown = fenced(
        seed=seed_lines,
        former=_former_lines(draft, drawn),
        rhythm=as_json(draft.rhythm.model_dump(mode="json")) if draft.rhythm else _NOTHING,
    )
    return step.prompt.render(**shown, language=language(draft.seed.lang, "the task"))


def _seed_lines(seed: Seed, rng: random.Random) -> str:
    """The task and some sample events, its own before those of its setting."""
    events = [*seed.sample_events[:MOST_EVENTS]]
    room = MOST_EVENTS - len(events)
    others = list(seed.setting_events)
    events += others if len(others) <= room else rng.sample(others, room)
    lines = [{"setting": seed.setting, "task": on_one_line(seed.task)}]
    return "\n".join(map(as_json, [*lines, *({"sample event": on_one_line(event)} for event in events)]))


def _former_lines(draft: Draft, drawn: dict[str, str]) -> str:
    """What earlier steps have settled, one line a step."""
    lines: list[dict[str, Any]] = [{"drawn": drawn}]
    lines += [{name: reply.model_dump(mode="json")} for name, reply in draft.replies.items()]
    return "\n".join(map(as_json, lines))


def _facts(draft: Draft, drawn: dict[str, str], brief: Brief) -> dict[str, Any]:
    """What the offline model composes from."""
    return {
        "seed": draft.seed.model_dump(),
        "rhythm": draft.rhythm.model_dump() if draft.rhythm else None,
        "drawn": drawn,
        "id": brief.id,
        **{name: reply.model_dump() for name, reply in draft.replies.items()},
    }


def _scene(brief: Brief, draft: Draft, model: ChatModel, *, seed: int, run_id: str) -> Scene:
    assert draft.profile
    assert draft.work
    assert draft.things
    assert draft.abilities
    assert draft.happenings
    assert draft.final
    person = draft.final.person
    if draft.rhythm is not None:
        person = f"{person}{habits(draft.rhythm, draft.seed.lang)}"
    return Scene(
        id=brief.id,
        setting=draft.seed.setting,
        lang=draft.seed.lang,
        group=draft.seed.id,
        theme=draft.profile.theme,
        description=draft.final.description,
        entities=tuple(
            Entity(name=thing.name, state=thing.state, operations=thing.operations)
            for thing in draft.things.entities
        ),
        operations=tuple(ability.text for ability in draft.abilities.operations),
        example_events=tuple(event.text for event in draft.happenings.events),
        user=SceneUser(description=person, goal=draft.work.goal),
        provenance=spoken_by(model, *PROMPTS, run_id=run_id, seed=seed),
    )
