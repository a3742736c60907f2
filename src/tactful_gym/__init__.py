"""Tactful's gym as an environment of `verifiers` (0.4), for prime-rl and whatever else trains on those.

    env = load_environment("bundled")          # or [env.taskset] id = "tactful-gym", scenes = "scenes.yaml"

One episode is one scene: a person works, by rules; in every round the model offers help or is silent, and the person accepts,
rejects or ignores. Each round is a conversation of its own with the prompt of the assistant in `tactful gym run`, so that a
trace has a branch a round. It carries the utility as reward, its parts as metrics, and in `info["tactful"]` the reward and
the return to go of each answer, for trainers that give credit by turn. The person's goal and reasons never stand in a trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tactful.data.splits import split_by_group
from tactful.gym.pipeline import plays
from tactful.gym.play.asking import MAX_CHARS
from tactful.gym.play.assistant import ProposeReply, orders
from tactful.gym.play.parts import Limits, NoReply
from tactful.gym.play.people import load_people
from tactful.gym.rules.parameters import load_parameters
from tactful.gym.scenes.reading import BUNDLED, read_scenes
from tactful.gym.types import Play
from tactful.llm.replies.structured import schema_text
from tactful.llm.wire.modes import format_in_words
from tactful.prompts import Rendered
from tactful.training.rl.watching import COST, Answer, Playing, Watched, watch
from tactful_verifiers import TalkHarness, local_agent, vf

__all__ = ["GymEnv", "GymHarness", "GymTaskset", "load_environment"]
TASKSET = "tactful-gym"
Split = Literal["train", "eval", "all"]


class GymTasksetConfig(vf.TasksetConfig):  # type: ignore[misc]
    """Which scenes, played by whom."""

    scenes: str = BUNDLED
    """File of scenes, run folder of `gym scenes`, or `bundled`."""
    split: Split = "train"
    """Which part: no group of scenes (those made from one seed task) stands in both."""
    eval_share: float = 0.2
    """Of the groups, how many are held out for `eval`: by default those that `gym trainset` holds out to validate and test."""
    split_seed: int = 0
    """Draws the parts: the `--seed` of `gym trainset` where a model trained on that goes on here."""
    people: str = ""
    """TOML file of people; without it somebody is drawn for each play."""
    passes: int = Field(default=1, ge=1)
    """Repeats of every scene, each with draws of its own."""


class GymEnvConfig(vf.EnvConfig):  # type: ignore[misc]
    """How the episodes go and what they earn."""

    assistant: vf.AgentConfig = local_agent()
    """The model that is trained or measured."""
    cost: float = COST
    """Of an offer that is shown and not accepted; an accepted one earns 1, silence 0."""
    rounds: int = Field(default=Limits.rounds, ge=1)
    """An episode ends after so many at the latest; each is one answer of the model."""
    max_events: int = Field(default=Limits.events, ge=1)
    """An episode ends after the round in which it reaches them."""
    operations: int = Field(default=Limits.operations, ge=0)
    """Steps that are carried out, by rules, for an accepted offer at the most."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Most characters of events in a prompt; the latest are kept."""
    say_format: bool = False
    """Say the reply's form (JSON) in words below each prompt, as endpoints without a JSON mode are told it: for a model that was not
    taught it by `train sft` on a `gym trainset`."""
    parameters: str = ""
    """TOML file of what the rules suppose about people, over the bundled table."""
    seed: int = 0
    """Of all draws: who works, what happens, how offers are taken."""


class GymData(vf.TaskData):  # type: ignore[misc]
    """What is known of a play beforehand."""

    group: str
    """Splits and intervals go by it."""


class GymTask(vf.Task[GymData]):  # type: ignore[misc]
    """One scene to be played. What decides about it stays in the environment."""


class GymTaskset(vf.Taskset[GymTask, GymTasksetConfig]):  # type: ignore[misc]
    """Every scene of the part, as often as it is played."""

    @cached_property
    def plays(self) -> dict[str, Play]:
        """By their ids. Raises: DataError for a file that cannot be used; UsageError for fewer groups than parts."""
        given = self.config
        people = load_people(Path(given.people)) if given.people else ()
        scenes = read_scenes(given.scenes)
        part = _part(given, [scene.split for scene in scenes])
        found = plays(scenes, passes=given.passes, people=people)
        return {play.id: play for play in found if play.scene.split in part}

    def load(self) -> Iterator[GymTask]:
        """The plays; the person opens each, and what the assistant is told at every round is its system prompt."""
        for play in self.plays.values():
            scene = play.scene
            data = {"id": play.id, "name": scene.id, "group": scene.split}
            yield GymTask(GymData(**data, system_prompt=orders(scene.lang)), self.config.task)


class GymHarness(TalkHarness):
    """Asks each round afresh: what came before stands in the prompt."""

    async def resume(
        self,
        ctx: Any,
        trace: Any,
        runtime: Any,
        endpoint: str,
        secret: str,
        mcp_urls: Any,
        data: Any,
        messages: Any,
        tool_interception_url: Any = None,
    ) -> Any:
        """One message of the model after `messages` alone."""
        now = data.model_copy(update={"prompt": messages})
        return await self.launch(ctx, trace, runtime, endpoint, secret, mcp_urls, now)


class GymEnv(vf.Env[GymEnvConfig]):  # type: ignore[misc]
    """The person's side, and the reward."""

    @cached_property
    def playing(self) -> Playing:
        """As the configuration says. Raises: ConfigError for parameters that cannot be used."""
        given = self.config
        return Playing(
            parameters=load_parameters(Path(given.parameters) if given.parameters else None),
            limits=Limits(rounds=given.rounds, events=given.max_events, operations=given.operations),
            max_chars=given.max_chars,
            cost=given.cost,
            seed=given.seed,
        )

    async def run(self, task: Any, agents: Any) -> None:
        """One episode. Raises: what verifiers counts as failed, where the model was stopped before it could say anything."""
        below = f"\n\n{format_in_words(schema_text(ProposeReply))}" if self.config.say_format else ""
        watched: Watched | None = None
        async with agents.assistant.interaction(task) as exchange:

            async def ask(prompt: Rendered) -> Answer | None:
                said = await exchange.turn(prompt.messages[-1].content + below)
                if said.terminated:
                    return None
                return Answer(said.last_reply, ended=exchange.trace.calls[-1].finish_reason != "length")

            try:
                watched = await watch(self.taskset.plays[task.data.id], ask, self.playing)
            except NoReply as error:
                if exchange.trace.ok:
                    raise vf.TaskError(f"unscored: {error}") from error
        if watched is not None and exchange.trace.ok:
            _record(exchange.trace, watched)


def _part(given: GymTasksetConfig, groups: list[str]) -> set[str]:
    """The groups of scenes that are played, drawn as `gym trainset` draws its parts."""
    if given.split == "all":
        return set(groups)
    held = given.eval_share / 2
    shares = {"train": round(1 - given.eval_share, 9), "validation": held, "test": held}
    found = split_by_group(groups, shares, seed=given.split_seed, grouped_by="scene")
    train = {groups[at] for at in found.parts["train"]}
    return train if given.split == "train" else set(groups) - train


def _record(trace: Any, watched: Watched) -> None:
    trace.record_reward("reward", watched.reward)
    trace.record_metrics(watched.figures())
    trace.info["tactful"] = {
        "turn_rewards": list(watched.rewards),
        "turn_returns": list(watched.returns),
        "verdicts": list(watched.verdicts),
        "scene": watched.episode.scene_id,
        "group": watched.episode.group,
        "end": watched.episode.end,
    }


def load_environment(
    scenes: str | Path = BUNDLED,
    *,
    split: Split = "train",
    eval_share: float = 0.2,
    split_seed: int = 0,
    people: str | Path = "",
    passes: int = 1,
    **settings: Any,
) -> GymEnv:
    """The environment over scenes; what the arguments mean stands in `GymTasksetConfig`. `settings` are those of `GymEnvConfig`."""
    taskset = {
        "id": TASKSET,
        "scenes": str(scenes),
        "split": split,
        "eval_share": eval_share,
        "split_seed": split_seed,
        "people": str(people),
        "passes": passes,
    }
    return GymEnv(GymEnvConfig.model_validate({"taskset": taskset, **settings}))
