"""From seeds to scenes:

Seed ──briefs──▶ Brief ──SceneStage──▶ Scene ──distinct──▶ scenes.yaml
       └ follow: as many of each setting as the log has
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from tactful.gym.scenes.building import PROMPTS, Brief, build_scene
from tactful.gym.scenes.rhythm import Rhythm
from tactful.gym.scenes.seeds import OURS, Seed, read_seeds
from tactful.gym.scenes.steps import STEPS
from tactful.gym.types import SETTINGS, Scene
from tactful.llm import ModelSpec
from tactful.llm.spending.prices import price_of
from tactful.runs import Context, Job, OutsideHash
from tactful.text import estimate_tokens
from tactful.text.similarity import similarity
from tactful.types import Record

SCRIPTS = "gym.scenes"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""
ALIKE = 0.8
"""Likeness from which two scenes are one: scenes that ProactiveBench made of one seed task come to 0.52 at the most."""
_LEAST_SHARE = 0.05
"""A setting with a smaller share of a log gives no scene."""


class ScenesConfig(Record):
    """What `tactful gym scenes` does; `config.toml` of the run folder holds it."""

    per_task: int = Field(default=1, ge=1, le=1000)
    """Scenes built from each seed."""
    alike: float = Field(default=ALIKE, gt=0, le=1)
    """Likeness from which a scene is dropped as a near-duplicate of an earlier one."""
    seed: int = 0
    """Draws of place, age and manner."""
    assistant: Annotated[ModelSpec, OutsideHash()]
    """How the model is reached. (The runner hashes the model by itself.)"""


@dataclass(frozen=True)
class SceneStage:
    """From a brief to its scene."""

    async def __call__(self, record: Brief, context: Context) -> Scene:
        """Build one scene. Raises what `build_scene` raises."""
        return await build_scene(
            record, context.models["assistant"], seed=context.seed, run_id=context.run_id
        )


def briefs(seeds: Iterable[Seed], *, per_task: int = 1, rhythm: Rhythm | None = None) -> Iterator[Brief]:
    """`per_task` scenes of every seed."""
    for seed in seeds:
        for index in range(per_task):
            yield Brief(id=f"{seed.id}/s{index}", seed=seed, index=index, rhythm=rhythm)


def follow(seeds: Sequence[Seed], rhythm: Rhythm) -> list[Seed]:
    """The seeds whose settings come in the shares of the log: all of its commonest, of others evenly spaced ones.

    All of them where the log tells no setting.
    """
    by_setting = {setting: [seed for seed in seeds if seed.setting == setting] for setting in SETTINGS}
    shares = {
        setting: share
        for setting, share in rhythm.settings.items()
        if share >= _LEAST_SHARE and by_setting[setting]
    }
    if not shares:
        return list(seeds)
    whole = min(len(by_setting[setting]) / share for setting, share in shares.items())
    kept: set[str] = set()
    for setting, share in shares.items():
        given = by_setting[setting]
        count = max(1, round(share * whole))
        kept |= {given[at * len(given) // count].id for at in range(count)}
    return [seed for seed in seeds if seed.id in kept]


def scenes_job(
    config: ScenesConfig, seeds: Sequence[Seed], rhythm: Rhythm | None = None, *, source: str = OURS
) -> Job:
    """The run that `config` describes; `source` is where the seeds stand, for `runs retry`."""
    wanted = seeds if rhythm is None else follow(seeds, rhythm)
    return Job(
        noun="gym",
        verb="scenes",
        config=config,
        source=list(briefs(wanted, per_task=config.per_task, rhythm=rhythm)),
        stage=SceneStage(),
        models={"assistant": config.assistant},
        prompts=PROMPTS,
        total=len(wanted) * config.per_task,
        resume_args={"source": source, "rhythm": rhythm.model_dump(mode="json") if rhythm else None},
    )


def retry_scenes(config: Mapping[str, Any], source: str, rhythm: Mapping[str, Any] | None = None) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    found = Rhythm.model_validate(rhythm) if rhythm else None
    return scenes_job(ScenesConfig.model_validate(config), read_seeds(source), found, source=source)


# ---------------------------------------------------------------- near-duplicates


class Dropped(Record):
    """A scene left out, and the earlier one that it repeats."""

    id: str
    like: str
    similarity: float


def distinct(scenes: Iterable[Scene], *, alike: float = ALIKE) -> tuple[list[Scene], list[Dropped]]:
    """The scenes that repeat none before them, and those that do. Compared within a setting and language."""
    kept: list[Scene] = []
    dropped: list[Dropped] = []
    for scene in scenes:
        likeness = [
            (likeness_of(scene, other), other.id)
            for other in kept
            if (other.setting, other.lang) == (scene.setting, scene.lang)
        ]
        most, like = max(likeness, default=(0.0, ""))
        if most >= alike:
            dropped.append(Dropped(id=scene.id, like=like, similarity=round(most, 3)))
        else:
            kept.append(scene)
    return kept, dropped


def likeness_of(one: Scene, other: Scene) -> float:
    """The least similarity of a part: goal, situation, events. A near-duplicate repeats all three.

    Scenes of one seed may share goal and events, as ProactiveBench's do; what tells them apart is who works where.
    """
    goal = similarity(one.user.goal, other.user.goal)
    if goal < 0.5:  # most pairs end here
        return goal
    situation = similarity(_situation(one), _situation(other))
    events = similarity("\n".join(one.example_events), "\n".join(other.example_events))
    return min(goal, situation, events if one.example_events or other.example_events else 1.0)


def _situation(scene: Scene) -> str:
    return "\n".join((scene.theme, scene.description, scene.user.description))


# ---------------------------------------------------------------- before anything is sent

_REPLY_TOKENS = 700


class ScenesForecast(Record):
    """All figures are estimates, from above where no step is asked again."""

    scenes: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


def forecast(job: Job, config: ScenesConfig, *, limit: int | None = None) -> ScenesForecast:
    """Six calls a scene, each shown the replies before it; nothing is sent."""
    wanted = list(job.source)[:limit]
    steps = len(STEPS)
    prose = sum(estimate_tokens(step.prompt.source) for step in STEPS)
    material = 500 * steps + _REPLY_TOKENS * steps * (steps - 1) // 2
    sent, received = len(wanted) * (prose + material), len(wanted) * steps * _REPLY_TOKENS
    price = price_of(config.assistant)
    return ScenesForecast(
        scenes=len(wanted),
        calls=len(wanted) * steps,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )
