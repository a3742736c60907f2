"""SFT: learn the answers. The loss is on the answer's tokens alone, each row times its weight."""

from __future__ import annotations

from typing import Any

from tactful.errors import UserError
from tactful.training.losses import weighted_sft
from tactful.training.material.rows import answer_row, dataset, weighted
from tactful.training.running import Task, adapter_config, arguments, callbacks, finish
from tactful.training.types import Example
from tactful.weights.extras import need
from tactful.weights.types import Manifest


def train_sft(task: Task) -> Manifest:
    """Train on `answers`, the better sides of `pairs`, or the wanted ones of `labels`.

    Raises: UserError where no answer is wanted, or the folder cannot be used.
    """
    (trl,) = need("trl", what="training")
    config = task.config
    train, valid = (
        [item for item in part if item.label is not False]
        for part in (task.checked.train, task.checked.valid)
    )
    if not train:
        raise UserError(
            f"{task.material.files[0].path}: no answer in it was wanted; there is nothing to learn by SFT"
        )
    weighs = weighted(train, config)

    def row(item: Example) -> dict[str, Any]:
        return {**answer_row(item), **({"weight": item.weight} if weighs else {})}

    def build() -> Any:
        args = trl.SFTConfig(
            **arguments(
                task, max_length=config.max_length, packing=config.packing, completion_only_loss=True
            ),
        )
        kind = weighted_sft() if weighs else trl.SFTTrainer
        return kind(
            model=task.base.model,
            args=args,
            train_dataset=dataset([row(item) for item in train]),
            eval_dataset=dataset([row(item) for item in valid]),
            processing_class=task.base.tokenizer,
            peft_config=adapter_config(task),
            callbacks=callbacks(task),
        )

    return finish(task, build)
