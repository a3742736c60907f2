"""The gym, stage by stage:

Scene ──plays──▶ Play ──GymStage──▶ GymEpisode ──moments──▶ LabelledMoment
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tactful.gym.play.episode import play_episode
from tactful.gym.play.parts import Cast, Limits
from tactful.gym.types import GymEpisode, Play, Scene, Traits
from tactful.runs import Context

SCRIPTS = "gym"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""


class Casting(Protocol):
    """Who plays: made anew for each record from the runner's models, so that a stage can travel between processes."""

    def cast(self, play: Play, context: Context) -> Cast:
        """The parts of this play."""
        ...

    def traits(self, play: Play, seed: int) -> Traits:
        """The person of this play: the play's own, or drawn."""
        ...


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
    """Every scene `passes` times; with `people`, each pass by the next of them, else by somebody drawn."""
    for scene in scenes:
        for index in range(passes):
            who = people[index % len(people)] if people else None
            yield Play(id=f"{scene.id}/p{index}", scene=scene, traits=who, pass_index=index)
