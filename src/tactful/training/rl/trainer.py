"""TRL's GRPO on talks: a subclass, made when it is asked for, since its base is heavy to import.

Advantages of whole talks are TRL's: the reward against the other talks of the same task. By message, each token has the
return to go of its message against all messages of those talks. Sources: arXiv:2402.03300 and, for the two kinds of
credit, UserRL, arXiv:2509.19736.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from tactful.calibration.play.talk import Talk
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.types import Session
from tactful.training.rl.credit import Credit, credits_of
from tactful.training.rl.talking import THE_USERS, Spoken, talk_all
from tactful.training.types import TrainConfig
from tactful.types import Message
from tactful.weights.extras import need


def talking_grpo(
    config: TrainConfig, tasks: Mapping[str, tuple[Session, Sequence[Message]]], scorer: TaskScorer
) -> Any:
    """The trainer's class. `tasks`: id of a row → what is talked about, and the prompt."""
    trl, torch = need("trl", "torch", what="train grpo")

    class TalkingGRPO(trl.GRPOTrainer):  # type: ignore[misc, name-defined]
        rows: Sequence[dict[str, Any]] = ()
        spoken: Sequence[Spoken] = ()
        credits: Sequence[Credit] = ()

        def talk(self, prompts: list[Any]) -> dict[str, Any]:
            """TRL's `rollout_func`: one talk a row."""
            started = [
                (Talk.start(session, seed=config.seed, max_turns=config.max_turns), said)
                for session, said in (tasks[row["id"]] for row in self.rows)
            ]
            self.spoken = talk_all(started, self.processing_class, self._one_message, config.max_length)
            self.credits = credits_of([one.talk.trajectory() for one in self.spoken], scorer, RewardConfig())
            return {
                "prompt_ids": [one.prompt for one in self.spoken],
                "completion_ids": [one.completion for one in self.spoken],
                "env_mask": [one.mask for one in self.spoken],
                "logprobs": None,
                "reward": [credit.reward for credit in self.credits],
                "figures": [credit.figures() for credit in self.credits],
            }

        def _one_message(self, prompts: list[list[int]]) -> list[list[int]]:
            written, _ = self._generate_single_turn(prompts, None, {}, 1)
            return [list(ids) for ids in written]

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            self.rows = inputs
            made = super()._generate_and_score_completions(inputs)
            if config.credit == "turn" and self.model.training:
                width = made["completion_ids"].shape[1]
                by_token = token_advantages([row["id"] for row in inputs], self.spoken, self.credits)
                padded = [row + [0.0] * (width - len(row)) for row in by_token]
                made["advantages"] = torch.tensor(padded, device=made["completion_ids"].device)
            return made

        def log(self, logs: dict[str, Any], *rest: Any) -> None:
            """In an evaluation, the means of its talks stand among its figures: the best checkpoint is chosen by them."""
            if any(name.startswith("eval_") for name in logs):
                means = {name: fmean(values) for name, values in self._metrics["eval"].items() if values}
                logs.update({f"eval_{name}": value for name, value in means.items()})
            super().log(logs, *rest)

    return TalkingGRPO


def reward_of(prompts: Any, completions: Any, reward: list[float | None], **more: Any) -> list[float | None]:
    """TRL's reward function: what the talks earned. None = unscored, which TRL leaves out."""
    figures = more.get("figures") or []
    for name in {name for row in figures for name in row}:
        more["log_metric"](f"talk/{name}", fmean(row[name] for row in figures if name in row))
    return reward


def token_advantages(
    tasks: Sequence[str], spoken: Sequence[Spoken], credits: Sequence[Credit]
) -> list[list[float]]:
    """For each token, its message's return to go: minus the mean of all messages of this task's talks, by their deviation.

    0 for the user's tokens, for unscored talks, and where all messages of a task earned the same.
    """
    returns: dict[str, list[float]] = defaultdict(list)
    for task, credit in zip(tasks, credits, strict=True):
        returns[task] += [value for value in credit.turns if value is not None]
    found = []
    for task, one, credit in zip(tasks, spoken, credits, strict=True):
        values = returns[task]
        mean, spread = (fmean(values), stdev(values)) if len(values) > 1 else (0.0, 0.0)
        by_turn = [
            0.0 if value is None or spread == 0 else (value - mean) / (spread + 1e-4)
            for value in credit.turns
        ]
        found.append([0.0 if turn == THE_USERS else by_turn[turn] for turn in one.turns])
    return found
