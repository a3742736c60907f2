"""Tactful's calibration tasks as an environment of `verifiers` (0.4), for prime-rl and whatever else trains on those.

A package of its own, since verifiers finds a task set by a package called like its id: `tactful-calibration`.

    env = load_environment("states.jsonl")          # or [env.taskset] id = "tactful-calibration", states = "states.jsonl"

One episode is one talk: the model writes, the simulated user answers, our reward judges. The trace carries the reward of the
talk, its parts as metrics, and in `info["tactful"]` the return to go of each message, for trainers that give credit by turn.
Hidden sides (references, tests, requirements) never enter the task's data, so they never stand in a trace.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from tactful.calibration.pipeline import by_names, sessions
from tactful.calibration.play.talk import Talk, talk_prompt
from tactful.calibration.reward.rewards import RewardConfig, load_reward_config
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.tasks.state_rows import ready_rows
from tactful.calibration.types import Session
from tactful.training.rl.credit import Credit, credits_of
from tactful.types import plain
from tactful_verifiers import TalkHarness, local_agent, vf

__all__ = ["TalkEnv", "TalkHarness", "TalkTaskset", "load_environment"]
TASKSET = "tactful-calibration"


class TalkTasksetConfig(vf.TasksetConfig):  # type: ignore[misc]
    """Which tasks, played by whom."""

    states: str = ""
    """File of `calibrate states`."""
    personas: list[str] = []  # noqa: RUF012, pydantic copies it
    """Built-in names and TOML files; none: every built-in persona that is not held out."""
    passes: int = 1
    """Repeats of every state with every persona, each with draws of its own."""


class TalkEnvConfig(vf.EnvConfig):  # type: ignore[misc]
    """How the talks go and what they earn."""

    assistant: vf.AgentConfig = local_agent()
    """The model that is trained or measured."""
    max_turns: int = 4
    """Messages of the model in one task."""
    seed: int = 0
    reward: str = ""
    """TOML file of the reward; without it the default one."""


class TalkTask(vf.Task[vf.TaskData]):  # type: ignore[misc]
    """One request of one user. What decides about it stays in the environment."""


class TalkTaskset(vf.Taskset[TalkTask, TalkTasksetConfig]):  # type: ignore[misc]
    """Every state with every persona."""

    @cached_property
    def sessions(self) -> dict[str, Session]:
        """By their ids. Raises: DataError for a file that cannot be used."""
        found = sessions(
            ready_rows(self.config.states), personas=by_names(self.config.personas), passes=self.config.passes
        )
        return {session.id: session for session in found}

    def load(self) -> Iterator[TalkTask]:
        """The requests as the model sees them."""
        for session in self.sessions.values():
            system, *said = talk_prompt(session)
            data = {"id": session.id, "name": session.states[0].id, "system_prompt": system.content}
            yield TalkTask(vf.TaskData.model_validate({**data, "prompt": plain(said)}), self.config.task)


class TalkEnv(vf.Env[TalkEnvConfig]):  # type: ignore[misc]
    """The simulated user's side, and the reward."""

    async def start(self) -> None:
        """Open the scorer, whose cage is shared by all talks."""
        self._open = ExitStack()
        self._scoring = asyncio.Lock()
        path = self.config.reward
        self._reward = load_reward_config(Path(path)) if path else RewardConfig()
        scorer = TaskScorer(timeout_s=self._reward.timeout_s, memory_mb=self._reward.memory_mb)
        self._scorer = self._open.enter_context(scorer)

    async def stop(self) -> None:
        """Close the scorer."""
        if hasattr(self, "_open"):
            self._open.close()

    async def run(self, task: Any, agents: Any) -> None:
        """One talk. Raises: what verifiers counts as failed, where the talk cannot be scored: that is never 0."""
        session = self.taskset.sessions[task.data.id]
        talk = Talk.start(session, seed=self.config.seed, max_turns=self.config.max_turns)
        async with agents.assistant.interaction(task) as exchange:
            said = await exchange.turn()
            while not said.terminated:
                answer = await talk.say(said.last_reply)
                if talk.over:
                    break
                said = await exchange.turn(answer)
        if exchange.trace.ok:
            _record(exchange.trace, await self._credit(talk))

    async def _credit(self, talk: Talk) -> Credit:
        async with self._scoring:
            trajectory = talk.trajectory()
            (credit,) = await asyncio.to_thread(credits_of, [trajectory], self._scorer, self._reward)
        return credit


def _record(trace: Any, credit: Credit) -> None:
    if credit.reward is None:
        raise vf.TaskError(f"unscored: {credit.rewarded.unscored_reason}")
    trace.record_reward("reward", credit.reward)
    trace.record_metrics(credit.figures())
    trace.info["tactful"] = {
        "turn_returns": list(credit.turns),
        "actions": [step.action for step in credit.rewarded.trajectory.steps],
        "persona": credit.rewarded.trajectory.persona,
        "end": credit.rewarded.trajectory.end,
    }


def load_environment(
    states: str | Path, *, personas: Sequence[str] = (), passes: int = 1, **settings: Any
) -> TalkEnv:
    """The environment over a file of `calibrate states`. `settings` are those of `TalkEnvConfig`."""
    taskset = {"id": TASKSET, "states": str(states), "personas": list(personas), "passes": passes}
    return TalkEnv(TalkEnvConfig.model_validate({"taskset": taskset, **settings}))
