"""GRPO: the model talks to the simulated users, several times about each task, and learns from what its talks earned.

Source: arXiv:2402.03300. The talks and their credit: `training/rl/`.
"""

from __future__ import annotations

from typing import Any

from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.types import Session
from tactful.training.material.rows import dataset
from tactful.training.rl.trainer import reward_of, talking_grpo
from tactful.training.running import Task, adapter_config, arguments, callbacks, finish
from tactful.training.types import Example
from tactful.weights.extras import need
from tactful.weights.tokens import plain
from tactful.weights.types import Manifest


def train_grpo(task: Task) -> Manifest:
    """Train on `tasks`. Raises: UserError when the folder cannot be used; SafetyRefusal."""
    (trl,) = need("trl", what="training")
    config = task.config
    everyone = [*task.checked.train, *task.checked.valid]
    known = {item.id: (_session(item), item.prompt) for item in everyone}

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
            model=task.base.model,
            reward_funcs=reward_of,
            args=args,
            train_dataset=dataset([_row(item) for item in task.checked.train]),
            eval_dataset=dataset([_row(item) for item in task.checked.valid]),
            processing_class=task.base.tokenizer,
            peft_config=adapter_config(task),
            callbacks=callbacks(task),
            rollout_func=lambda prompts, trainer: trainer.talk(prompts),
        )

    with TaskScorer() as scorer:
        return finish(task, lambda: build(scorer))


def _row(item: Example) -> dict[str, Any]:
    return {"prompt": plain(item.prompt), "id": item.id}


def _session(item: Example) -> Session:
    assert item.session is not None, "material/tasks.py fills it in"
    return item.session
