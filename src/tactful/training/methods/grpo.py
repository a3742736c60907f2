"""GRPO: the model talks to the simulated users, several times about each task, and learns from what its talks earned.

Source: arXiv:2402.03300. The talks and their credit: `training/rl/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.types import Session
from tactful.training.material.rows import dataset
from tactful.training.rl.trainer import reward_of, talking_grpo
from tactful.training.running import Task, arguments, finish, parts
from tactful.training.types import Example
from tactful.types import Message, plain
from tactful.weights.extras import need
from tactful.weights.types import Manifest


def train_grpo(task: Task) -> Manifest:
    """Train on `tasks`. Raises: UserError when the folder cannot be used; SafetyRefusal."""
    (trl,) = need("trl", what="training")
    config = task.config
    everyone = [*task.checked.train, *task.checked.valid]
    known, rows = named(everyone)
    begun = len(task.checked.train)

    def build(scorer: TaskScorer) -> Any:
        args = trl.GRPOConfig(
            **arguments(
                task,
                beta=0.0,
                num_generations=config.generations,
                num_generations_eval=1,
                max_completion_length=config.max_message,
                temperature=config.temperature,
                mask_truncated_completions=False,
                **(
                    {"metric_for_best_model": "eval_reward", "greater_is_better": True}
                    if task.checked.valid
                    else {}
                ),
            )
        )
        return talking_grpo(config, known, scorer)(
            reward_funcs=reward_of,
            args=args,
            train_dataset=dataset(rows[:begun]),
            eval_dataset=dataset(rows[begun:]),
            rollout_func=lambda prompts, trainer: trainer.talk(prompts),
            **parts(task),
        )

    with TaskScorer() as scorer:
        return finish(task, lambda: build(scorer))


def named(
    items: Sequence[Example],
) -> tuple[dict[str, tuple[Session, Sequence[Message]]], list[dict[str, Any]]]:
    """What is talked about, and its row, under one name; of states with one id, each has its own."""
    known: dict[str, tuple[Session, Sequence[Message]]] = {}
    rows = []
    for number, item in enumerate(items):
        assert item.session is not None, "material/tasks.py fills it in"
        known[str(number)] = (item.session, item.prompt)
        rows.append({"prompt": plain(item.prompt), "id": str(number)})
    return known, rows
