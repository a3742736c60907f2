"""Calibration, stage by stage:

State ──sessions──▶ Session ──RolloutStage──▶ Trajectory ──reward──▶ Rewarded ──PairMaker──▶ PreferencePair

The commands run the stages one by one over files, by the runner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import Field

from tactful.calibration.pairs import PairConfig
from tactful.calibration.play.actions import Mode, load_action_spaces
from tactful.calibration.play.llm_user import PROMPT as USER_PROMPT
from tactful.calibration.play.personas import choose_personas
from tactful.calibration.play.rollout import RolloutStage, check_policy
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.types import Persona, Session
from tactful.errors import ConfigError
from tactful.llm import ModelSpec
from tactful.runs import Context, Job, OutsideHash
from tactful.types import Policy, PreferencePair, Record, State, seeded

SCRIPTS = "calibration.play"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""


# ---------------------------------------------------------------- who does what


def by_names(which: Sequence[str]) -> Callable[[str], tuple[Persona, ...]]:
    """Domain → its personas among `which` (names and files; nothing: the built-in ones that are not held out)."""

    @cache
    def personas(domain: str) -> tuple[Persona, ...]:
        return choose_personas(which, domain)

    return personas


def sessions(
    states: Iterable[State],
    *,
    personas: Callable[[str], Sequence[Persona]],
    passes: int = 1,
    tasks_per_user: int = 1,
    seed: int = 0,
) -> Iterator[Session]:
    """Every state with every persona of its domain, `passes` times over.

    One task per user: read lazily, in the order of `states`. Several: all states are read first; each user does up
    to `tasks_per_user` tasks of one domain in a seeded order, no base task twice.
    """
    if tasks_per_user > 1:
        yield from _sequences(list(states), personas, passes, tasks_per_user, seed)
        return
    for state in states:
        for persona in personas(state.domain):
            for index in range(passes):
                name = f"{state.id}/{persona.name}/p{index}"
                yield Session(id=name, persona=persona, states=(state,), pass_index=index)


def _sequences(
    states: Sequence[State],
    personas: Callable[[str], Sequence[Persona]],
    passes: int,
    tasks_per_user: int,
    seed: int,
) -> Iterator[Session]:
    for domain in dict.fromkeys(state.domain for state in states):
        own = [state for state in states if state.domain == domain]
        for persona in personas(domain):
            for index in range(passes):
                order = list(own)
                seeded("sessions", seed, domain, persona.name, index).shuffle(order)
                for number, tasks in enumerate(_without_repeats(order, tasks_per_user)):
                    name = f"{domain}/{persona.name}/p{index}/u{number}"
                    yield Session(id=name, persona=persona, states=tasks, pass_index=index)


def count_sessions(
    states: Iterable[State],
    *,
    personas: Callable[[str], Sequence[Persona]],
    passes: int = 1,
    tasks_per_user: int = 1,
    seed: int = 0,
) -> int:
    """How many sessions there will be, without making them.

    With several tasks per user the sequences of the first pass stand for those of the others, which may be one
    more or less.
    """
    if tasks_per_user > 1:
        return passes * sum(1 for _ in _sequences(list(states), personas, 1, tasks_per_user, seed))
    domains = Counter(state.domain for state in states)
    return passes * sum(count * len(personas(domain)) for domain, count in domains.items())


def _without_repeats(order: Sequence[State], size: int) -> list[tuple[State, ...]]:
    """`order` cut into sequences of at most `size`, each state in the first one without its base task."""
    filled: list[list[State]] = []
    open_ones: list[list[State]] = []
    for state in order:
        group = state.group or state.id
        place = next((one for one in open_ones if all((s.group or s.id) != group for s in one)), None)
        if place is None:
            place = []
            open_ones.append(place)
            filled.append(place)
        place.append(state)
        if len(place) == size:
            open_ones = [one for one in open_ones if one is not place]
    return [tuple(one) for one in filled]


# ---------------------------------------------------------------- the rollout as a run


class RolloutConfig(Record):
    """What `tactful calibrate rollout` does; `config.toml` of the run folder holds it."""

    actions: str = "levels"
    """`levels`, `clarify-execute`, or a folder with an action space."""
    layout: dict[str, dict[str, list[str | int]]] = Field(default_factory=dict)
    """Filled in when the run is made: what the action space says, so that a changed folder is noticed."""
    turns: Mode = "multi"
    mainline: str = "random"
    """`random`, `rule` or `policy:PATH`; multi only."""
    mainline_hash: str = ""
    """Filled in when the run is made: hash of the policy file."""
    personas: tuple[str, ...] = ()
    """Built-in names and TOML files; none: every built-in persona that is not held out."""
    passes: int = Field(default=1, ge=1)
    """Repeats of every state with every persona."""
    tasks_per_user: int = Field(default=1, ge=1)
    max_turns: int = Field(default=4, ge=1)
    """Assistant messages of one task at the most."""
    branch_depth: int | None = Field(default=None, ge=1)
    """Decisions that a branch takes before it has to solve; None: to its end."""
    seed: int = 0
    assistant: Annotated[ModelSpec, OutsideHash()]
    user: Annotated[ModelSpec | None, OutsideHash()] = None
    """None: the user is made of rules. (The runner hashes the models by itself.)"""


def rollout_job(
    config: RolloutConfig,
    states: Iterable[State],
    *,
    mainline: Policy | None = None,
    total: int | None = None,
) -> Job:
    """The run that `config` describes over `states`; `mainline` is the policy that `config.mainline` names.

    `total` is the number of sessions where it is known (`count_sessions`).

    Raises ConfigError when the action space cannot be used, has no such form, or not the policy's actions.
    """
    spaces = load_action_spaces(config.actions)
    for space in spaces.values():
        if config.turns not in space.modes:
            raise ConfigError(
                f"action space '{space.name}' has no {config.turns}-turn form; "
                f"it has: --turns {', '.join(space.modes)}"
            )
        if mainline is not None:
            check_policy(mainline, space)
    layout = {domain: space.layout for domain, space in spaces.items()}
    models = {"assistant": config.assistant} | ({"user": config.user} if config.user else {})
    prompts = [prompt for space in spaces.values() for prompt in space.prompts]
    return Job(
        noun="calibrate",
        verb="rollout",
        config=config.model_copy(update={"layout": layout}),
        source=sessions(
            states,
            personas=by_names(config.personas),
            passes=config.passes,
            tasks_per_user=config.tasks_per_user,
            seed=config.seed,
        ),
        stage=RolloutStage(
            spaces=spaces,
            mode=config.turns,
            mainline=mainline,
            max_turns=config.max_turns,
            branch_depth=config.branch_depth,
        ),
        models=models,
        prompts=[*prompts, USER_PROMPT] if config.user else prompts,
        total=total,
    )


# ---------------------------------------------------------------- pairs


class PairRunConfig(PairConfig):
    """What `tactful calibrate pairs` does; `config.toml` of the run folder holds it."""

    reward: RewardConfig
    """The configuration that the trajectories were rewarded under."""


@dataclass(frozen=True)
class KeepStage:
    """Stores a record as it is."""

    async def __call__(self, record: PreferencePair, context: Context) -> PreferencePair:
        """The record."""
        return record


def pairs_job(config: PairRunConfig, pairs: Iterable[PreferencePair]) -> Job:
    """The run that stores `pairs`."""
    return Job(noun="calibrate", verb="pairs", config=config, source=pairs, stage=KeepStage())
