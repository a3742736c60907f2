"""The gym, stage by stage:

Scene ──plays──▶ Play ──GymStage──▶ GymEpisode ──moments──▶ LabelledMoment
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from tactful.gym.casting import Casting
from tactful.gym.play.asking import MAX_CHARS
from tactful.gym.play.assistant import ModelProposer
from tactful.gym.play.deciding import Decider
from tactful.gym.play.environment import ModelEnvironment
from tactful.gym.play.episode import play_episode
from tactful.gym.play.parts import Limits
from tactful.gym.play.worker import ModelWorker
from tactful.gym.rules.parameters import Parameters
from tactful.gym.types import GymEpisode, Play, Scene, Traits
from tactful.llm import ModelSpec
from tactful.runs import Context, Job, OutsideHash
from tactful.types import Record

SCRIPTS = "gym"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""
PROMPTS = {
    "environment": ModelEnvironment.prompts,
    "user": ModelWorker.prompts,
    "assistant": ModelProposer.prompts,
}
"""Part → the prompts of whatever model plays it."""


class GymConfig(Record):
    """What `tactful gym run` does; `config.toml` of the run folder holds it."""

    assistant: str
    """Who decides on offers: `none`, `always`, `every:N`, `gate:FOLDER`, `policy:PATH`, or the proposer's name."""
    assistant_place: Annotated[str, OutsideHash()] = ""
    """Whole path of the gate or policy, so that `runs retry` finds it from anywhere; empty for anybody else."""
    assistant_hash: str = ""
    """Filled in when the run is made: hash of the gate and its model, or of the policy."""
    rounds: int = Field(default=Limits.rounds, ge=1)
    max_events: int = Field(default=Limits.events, ge=1)
    """An episode ends after the round in which it reaches them."""
    questions: int = Field(default=Limits.questions, ge=0)
    operations: int = Field(default=Limits.operations, ge=0)
    passes: int = Field(default=1, ge=1)
    """Times that every scene is played."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    people: tuple[Traits, ...] = ()
    """Who works, in turn; nobody: somebody drawn for each play."""
    parameters: Parameters
    """What the rules suppose about people; also for traits that are drawn."""
    seed: int = 0
    environment: Annotated[ModelSpec | None, OutsideHash()] = None
    """None: rules. (The runner hashes the models by itself.)"""
    user: Annotated[ModelSpec | None, OutsideHash()] = None
    proposer: Annotated[ModelSpec | None, OutsideHash()] = None

    @property
    def models(self) -> dict[str, ModelSpec]:
        """Part → the model that plays it, where one does."""
        parts = {"environment": self.environment, "user": self.user, "assistant": self.proposer}
        return {part: spec for part, spec in parts.items() if spec is not None}

    @property
    def limits(self) -> Limits:
        """Where an episode ends at the latest."""
        return Limits(self.rounds, self.max_events, self.questions, self.operations)


@dataclass(frozen=True)
class GymStage:
    """From a play to its episode."""

    casting: Casting
    limits: Limits = field(default_factory=Limits)

    async def __call__(self, record: Play, context: Context) -> GymEpisode:
        """Play the scene. Raises what the models raise."""
        return await play_episode(
            record,
            self.casting.cast(record, context),
            traits=self.casting.traits(record, context.seed),
            limits=self.limits,
            seed=context.seed,
            run_id=context.run_id,
        )


def plays(scenes: Iterable[Scene], *, passes: int = 1, people: Sequence[Traits] = ()) -> Iterator[Play]:
    """Every scene `passes` times; with `people`, each play by the next of them, else by somebody drawn."""
    for number, scene in enumerate(scenes):
        for index in range(passes):
            who = people[(number * passes + index) % len(people)] if people else None
            yield Play(id=f"{scene.id}/p{index}", scene=scene, traits=who, pass_index=index)


def gym_job(config: GymConfig, scenes: Iterable[Scene], decider: Decider, *, total: int | None = None) -> Job:
    """The run that `config` describes over `scenes`; `decider` is the one that `config.assistant` names.

    `total` is the number of plays where it is known.
    """
    return Job(
        noun="gym",
        verb="run",
        config=config,
        source=plays(scenes, passes=config.passes, people=config.people),
        stage=GymStage(Casting(decider, config.parameters, config.max_chars), config.limits),
        models=config.models,
        prompts=[prompt for part in config.models for prompt in PROMPTS[part]],
        total=total,
    )
