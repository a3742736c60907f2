"""Who is met in an evaluation: the sessions that are expanded into action trees, and the run that does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from pydantic import Field

from tactful.calibration.play.actions import ActionSpace
from tactful.calibration.play.llm_user import PROMPT as USER_PROMPT
from tactful.calibration.types import Persona, Session
from tactful.errors import ConfigError, UserError
from tactful.evaluation.policies.walking.tree import ExpandTree
from tactful.llm import ModelSpec
from tactful.runs import Job, OutsideHash
from tactful.types import Record, State, seeded

FRESH = 1000
"""Passes of an evaluation are numbered from here: their luck is never that of a training rollout."""


class TreeConfig(Record):
    """What `tactful calibrate evaluate` rolls out; `config.toml` of the run folder holds it."""

    actions: str = "levels"
    layout: dict[str, list[str | int]] = Field(default_factory=dict)
    """Filled in when the run is made: what the action space says, so that a changed folder is noticed."""
    personas: tuple[str, ...] = ()
    """Names of the personas that training may use."""
    unseen_personas: tuple[str, ...] = ()
    """Names of the personas that training never used."""
    passes: int = Field(default=4, ge=1)
    users_per_task: int = Field(default=3, ge=1)
    """Training personas that each task meets in each pass."""
    unseen_per_task: int = Field(default=1, ge=0)
    """Unseen personas that each task meets in each pass."""
    max_turns: int = Field(default=4, ge=1)
    seed: int = 0
    assistant: Annotated[ModelSpec, OutsideHash()]
    user: Annotated[ModelSpec | None, OutsideHash()] = None
    """None: the user is made of rules."""


def tree_sessions(
    states: Sequence[State], seen: Sequence[Persona], unseen: Sequence[Persona], config: TreeConfig
) -> Iterator[Session]:
    """One session for each (state, pass, persona). Personas take turns, so that each meets about as many tasks."""
    for number in range(config.passes):
        for personas, per_task in ((seen, config.users_per_task), (unseen, config.unseen_per_task)):
            count = min(per_task, len(personas))
            if not count:
                continue
            order = list(personas)
            seeded(config.seed, "evaluation-users", number).shuffle(order)
            for place, state in enumerate(states):
                for step in range(count):
                    persona = order[(place * count + step + number) % len(order)]
                    name = f"{state.id}/{persona.name}/p{FRESH + number}"
                    yield Session(id=name, persona=persona, states=(state,), pass_index=FRESH + number)


def tree_job(
    config: TreeConfig,
    states: Iterable[State],
    space: ActionSpace,
    seen: Sequence[Persona],
    unseen: Sequence[Persona],
) -> Job:
    """The run that expands the trees. Raises UserError when there is no state or no persona, ConfigError for a
    space without a multi-turn form."""
    tasks = list(states)
    if not tasks:
        raise UserError("there is no state to evaluate on; make some with 'tactful calibrate states'")
    if not seen:
        raise UserError("there is no persona to evaluate with; name some with --personas")
    if "multi" not in space.modes:
        raise ConfigError(f"action space '{space.name}' has no multi-turn form, which an evaluation needs")
    names = {
        "layout": space.layout,
        "personas": tuple(p.name for p in seen),
        "unseen_personas": tuple(p.name for p in unseen),
    }
    config = config.model_copy(update=names)
    return Job(
        noun="calibrate",
        verb="evaluate",
        config=config,
        source=tree_sessions(tasks, seen, unseen, config),
        stage=ExpandTree(space, max_turns=config.max_turns),
        models={"assistant": config.assistant} | ({"user": config.user} if config.user else {}),
        prompts=[*space.prompts, USER_PROMPT] if config.user else list(space.prompts),
        total=len(tasks) * config.passes * _met(seen, unseen, config),
    )


def _met(seen: Sequence[Persona], unseen: Sequence[Persona], config: TreeConfig) -> int:
    """Personas that each task meets in each pass."""
    return min(config.users_per_task, len(seen)) + min(config.unseen_per_task, len(unseen))
