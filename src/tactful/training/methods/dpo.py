"""DPO: prefer the better answer of each pair, held to the base by beta.

With an adapter the reference is the base with the adapter off; else a second copy of the base. Source: arXiv:2305.18290.
"""

from __future__ import annotations

from typing import Any

from tactful.training.material.rows import pair_row, weighted, with_margins
from tactful.training.methods.losses import weighted_dpo
from tactful.training.running import Task, arguments, finish, parts, rows_of
from tactful.training.types import Example
from tactful.weights.extras import need
from tactful.weights.types import Manifest


def train_dpo(task: Task) -> Manifest:
    """Train on `pairs`. Raises: UserError when the folder cannot be used."""
    (trl,) = need("trl", what="training")
    config = task.config
    everyone = [*task.checked.train, *task.checked.valid]
    own_loss = weighted(everyone, config) or with_margins(everyone, config)

    def row(item: Example) -> dict[str, Any]:
        weight = item.weight if config.use_weights else 1.0
        margin = (item.margin or 0.0) if config.use_margins else 0.0
        return {**pair_row(item), **({"weight": weight, "margin": margin} if own_loss else {})}

    def build() -> Any:
        args = trl.DPOConfig(**arguments(task, max_length=config.max_length, beta=config.beta))
        kind = weighted_dpo() if own_loss else trl.DPOTrainer
        return kind(args=args, **parts(task), **rows_of(task, row))

    return finish(task, build)
