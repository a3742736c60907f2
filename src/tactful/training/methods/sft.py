"""SFT: learn the answers. The loss is on the answer's tokens alone, each row times its weight."""

from __future__ import annotations

from typing import Any

from tactful.training.material.rows import answer_row, weighted
from tactful.training.methods.losses import weighted_sft
from tactful.training.running import Task, arguments, finish, parts, rows_of
from tactful.training.types import Example
from tactful.weights.extras import need
from tactful.weights.types import Manifest


def train_sft(task: Task) -> Manifest:
    """Train on `answers`, the better sides of `pairs`, or the wanted ones of `labels`.

    Raises: UserError when the folder cannot be used.
    """
    (trl,) = need("trl", what="training")
    config = task.config
    weighs = weighted(task.checked.train, config)

    def row(item: Example) -> dict[str, Any]:
        return {**answer_row(item), **({"weight": item.weight} if weighs else {})}

    def build() -> Any:
        args = trl.SFTConfig(
            **arguments(
                task, max_length=config.max_length, packing=config.packing, completion_only_loss=True
            ),
        )
        kind = weighted_sft() if weighs else trl.SFTTrainer
        return kind(args=args, **parts(task), **rows_of(task, row))

    return finish(task, build)
