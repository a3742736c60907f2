"""Scenes become episodes: people at work, offers of help, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.inputs import Input
from tactful.api.options import ModelOptions, RunSettings, configured, others, spec_of, takes
from tactful.api.runs import Run, worked_over
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.gym.forecast import GymForecast
    from tactful.gym.pipeline import GymConfig
    from tactful.gym.summary import GymSummary
    from tactful.gym.types import (
        GymEpisode,  # noqa: F401 - in the base of GymRun
        Scene,
        Traits,
    )
    from tactful.llm import ModelSpec
    from tactful.runs import Job

NO_SCENE = "give a file of scenes, or make some with 'tactful gym scenes'"
"""What to do about a file without scenes."""
OFFLINE = "offline"
_COSTS = ("cost_false_alarm", "cost_miss")


class PlayOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `play` beside scenes and model."""

    assistant: str
    """Who decides on offers: `none`, `always`, `every:N`, a model's name for its own judgement (default: `model`),
    `gate:FOLDER` with a reward model and its gate, `policy:PATH` with a saved policy."""
    proposer: str | None
    """Model that words the offers, where somebody else decides; default: `model`."""
    user: str | None
    """Model that plays the person; default: `model`."""
    environment: str | None
    """Model that plays the surroundings; default: `model`."""
    rounds: int
    """Most rounds of an episode; default 60."""
    max_events: int
    """Most events of an episode; default 200."""
    questions: int
    """Most questions about the surroundings before work begins; default 3."""
    operations: int
    """Most steps in which an accepted offer is carried out; default 3."""
    passes: int
    """Times that every scene is played; default 1."""
    people: Path | str | Sequence[Traits] | None
    """Who works, in turn: a TOML file of `[[person]]` tables, or traits; default: somebody drawn for each play."""
    parameters: Path | str | None
    """TOML over the table of what the rules suppose about people."""
    max_chars: int
    """Most characters of what has happened in a prompt; default 12000."""
    cost_false_alarm: float
    """What a shown offer that is not accepted costs in the summary's utility, an accepted one being worth 1; default 1."""
    cost_miss: float
    """What a round costs there in which help was wanted and none offered; default 0."""
    strict: bool
    """Stop at the first scene that cannot be read, where it is left out and counted else."""


class GymRun(Run["GymEpisode"]):
    """Episodes of the gym; `made` counts what was offered and what came of it."""

    @cached_property
    def made(self) -> GymSummary:
        """Ends, rounds, events, offers and reactions by place in the work, utility at the costs of the call."""
        from tactful.gym.summary import summarise

        return summarise(self, **{name: self.details[name] for name in _COSTS if name in self.details})


@takes(PlayOptions)
def play(scenes: Iterable[Scene] | Path | str, *, model: str, **options: Unpack[PlayOptions]) -> GymRun:
    """Every scene played: somebody works, things happen, an assistant offers help or not, and is accepted or not.

    `scenes` is a file in our form or ProactiveBench's, a run that made some, `bundled`, or scenes in memory. `model` plays whatever
    part no other is named for; `offline`: rules play person and surroundings, and word the offers. Options: see
    `PlayOptions`, `ModelOptions`, `RunSettings`. `run.summary` counts episodes, `run.made` what happened in them; its
    moments train a reward model: `tf.train_reward(run)`.

    Raises DataError for scenes that cannot be used, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> from tactful.gym.types import Scene
    >>> desk = Scene(id="a", setting="writing", description="A desk with a laptop.", user={"description": "Ada, editor",
    ...              "goal": "Proofread the report"})
    >>> run = tf.play([desk], model="offline", assistant="always", out="runs/g", progress="off")
    >>> [(episode.scene_id, episode.assistant, len(episode.events) > 5) for episode in run]
    [('a', 'always', True)]
    """
    from tactful.gym.types import GymEpisode

    config, strict = _config(model, options)
    read = _scenes(scenes, strict)
    make = partial(_job, config, read, strict)
    summary, again = worked_over(make, read.name, options, what="usable scene", fix=NO_SCENE)
    run = GymRun(summary, GymEpisode, source=read, again=again)
    costs = {name: options[name] for name in _COSTS if name in options}  # type: ignore[literal-required]
    _sum_up(run, costs)
    return run


def forecast_play(
    scenes: Iterable[Scene] | Path | str, *, model: str, **options: Unpack[PlayOptions]
) -> GymForecast:
    """Calls, tokens and cost that `play` would take at the most, estimated with stand-ins that play some scenes; nothing is sent."""
    import asyncio

    from tactful.api.runs import outside_loop
    from tactful.gym.forecast import forecast

    config, strict = _config(model, options)
    job = _job(config, _scenes(scenes, strict), strict)
    limit = options.get("limit")
    return outside_loop(lambda: asyncio.run(forecast(job, config.models, seed=config.seed, limit=limit)))


def retry_play(config: Mapping[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.gym.pipeline import GymConfig

    strict = not skip_bad
    return _job(GymConfig.model_validate(config), _scenes(source, strict), strict)


def _scenes(given: Any, strict: bool) -> Input[Scene]:
    from tactful.gym.scenes.reading import BUNDLED, SHIPPED, Scenes

    place = SHIPPED if given == BUNDLED else given
    return Input.of(place, lambda path: Scenes(path, skip_bad=not strict), kind="scenes")


def _job(config: GymConfig, read: Input[Scene], strict: bool) -> Job:
    """The run over these scenes, its decider opened, its total and how it is taken up again filled in."""
    from tactful.api.gym.deciding import decider_of
    from tactful.gym.pipeline import gym_job

    decider, digest = decider_of(config.assistant, config.assistant_place)
    config = config.model_copy(update={"assistant_hash": digest})
    total = None if str(read.path) == "-" else config.passes * sum(1 for _ in read)
    return read.job(gym_job(config, read, decider, total=total), skip_bad=not strict)


def _config(model: str, options: PlayOptions) -> tuple[GymConfig, bool]:
    """The configuration, and whether a bad scene stops the run. Raises: UsageError, ConfigError."""
    from tactful.api.gym.deciding import place_of
    from tactful.gym.pipeline import SCRIPTS, GymConfig
    from tactful.gym.play.people import load_people
    from tactful.gym.rules.parameters import load_parameters

    rest = {name: value for name, value in others(options).items() if name not in _COSTS}
    strict = rest.pop("strict", False)
    assistant = rest.pop("assistant", None) or model
    people = rest.pop("people", None) or ()
    table = rest.pop("parameters", None)
    parts = {part: rest.pop(part, None) or model for part in ("environment", "user")}
    proposer = rest.pop("proposer", None)
    own = _is_model(assistant)
    if proposer is not None and (assistant == "none" or (own and proposer != assistant)):
        does = "decides and words by itself" if own else "offers nothing"
        raise UsageError(
            f"--assistant {assistant} {does}; --proposer goes with always, every:N, gate: and policy:"
        )
    parts["proposer"] = assistant if own else proposer or model

    def spec(name: str) -> ModelSpec | None:
        return None if name == OFFLINE else spec_of(name, SCRIPTS, options)

    config = configured(
        GymConfig,
        **rest,
        assistant=assistant,
        assistant_place=place_of(assistant),
        people=load_people(Path(people)) if isinstance(people, str | Path) else tuple(people),
        parameters=load_parameters(None if table is None else Path(table)),
        seed=options.get("seed", 0),
        environment=spec(parts["environment"]),
        user=spec(parts["user"]),
        proposer=None if assistant == "none" else spec(parts["proposer"]),
    )
    return config, strict


def _is_model(assistant: str) -> bool:
    from tactful.gym.play.deciding import plain_decider

    return plain_decider(assistant) is None and not assistant.startswith(("gate:", "policy:"))


def _sum_up(run: GymRun, costs: Mapping[str, float]) -> None:
    """What became of the scenes, kept in the run and in its `summary.json`."""
    from tactful.gym.summary import summarise

    summary = run.summary
    run.made = summarise(run, **costs)
    summary.folder.save_summary(
        {
            "run": str(run.folder),
            "episodes": {
                "read": summary.read,
                "done": summary.done,
                "failed": summary.failed,
                "bad_scenes": run.bad,
            },
            **run.made.model_dump(mode="json", exclude={"episodes"}),
            "shown": run.made.shown,
            "verdicts": run.made.verdicts,
            "usage": summary.usage.model_dump(mode="json"),
        }
    )
