"""KTO: learn from answers that were wanted and answers that were not, each by itself. Source: arXiv:2402.01306.

How far the model has moved from the base is estimated in each batch from answers under each other's prompts: a batch
holds at least two, and rows are mixed once, by the seed, so that no batch holds one kind alone by the file's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.training.material.rows import dataset, label_rows
from tactful.training.running import Task, arguments, finish, parts
from tactful.training.types import Example
from tactful.types import seeded
from tactful.weights.extras import need
from tactful.weights.types import Manifest


def train_kto(task: Task) -> Manifest:
    """Train on `labels`, or both sides of `pairs`. Raises: UserError when the folder cannot be used."""
    (trl,) = need("trl", what="training")
    config = task.config
    train = _rows(task.checked.train, config.seed)
    wanted, unwanted = balance(train) if config.balance else (1.0, 1.0)

    def build() -> Any:
        args = trl.KTOConfig(
            **arguments(
                task,
                max_length=config.max_length,
                beta=config.beta,
                desirable_weight=wanted,
                undesirable_weight=unwanted,
            )
        )
        return trl.KTOTrainer(
            args=args,
            train_dataset=dataset(train),
            eval_dataset=dataset(_rows(task.checked.valid, config.seed)),
            **parts(task),
        )

    return finish(task, build)


def balance(rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Weights of wanted and unwanted answers under which both count the same in sum; the larger one is 1… or more."""
    wanted = sum(row["label"] for row in rows)
    unwanted = len(rows) - wanted
    return max(1.0, unwanted / max(wanted, 1)), max(1.0, wanted / max(unwanted, 1))


def _rows(examples: Sequence[Example], seed: int) -> list[dict[str, Any]]:
    rows = [row for item in examples for row in label_rows(item)]
    seeded("kto", seed).shuffle(rows)
    return rows
