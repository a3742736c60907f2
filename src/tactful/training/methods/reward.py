"""Reward: a head on the base that gives a text one number, whose logistic is the probability of a yes.

On pairs by TRL's RewardTrainer (Bradley and Terry: the better one shall have the higher number); on yes and no, our
own labels, by cross-entropy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tactful.reward.tuned.judge import score_rows
from tactful.reward.tuned.scale import Known, fit_scales, save_scales
from tactful.stats.auroc import auroc
from tactful.training.material.rows import pair_row, weighted, with_margins
from tactful.training.methods.losses import yes_no
from tactful.training.running import Task, adapter_config, arguments, callbacks, finish, parts, rows_of
from tactful.training.types import Example
from tactful.weights.extras import need
from tactful.weights.tokens import prompt_ids, whole_ids
from tactful.weights.types import Manifest


def train_reward(task: Task) -> Manifest:
    """Train on `pairs`, `verdicts` or `labels`. Raises: UserError when the folder cannot be used."""
    return _on_pairs(task) if task.material.form == "pairs" else _on_verdicts(task)


def _on_pairs(task: Task) -> Manifest:
    (trl,) = need("trl", what="training")
    margins = with_margins([*task.checked.train, *task.checked.valid], task.config)

    def row(item: Example) -> dict[str, Any]:
        return {**pair_row(item), **({"margin": item.margin or 0.0} if margins else {})}

    def build() -> Any:
        args = trl.RewardConfig(**arguments(task, max_length=task.config.max_length))
        return trl.RewardTrainer(args=args, **parts(task), **rows_of(task, row))

    return finish(task, build)


def _on_verdicts(task: Task) -> Manifest:
    transformers, peft = need("transformers", "peft", what="training")
    weighs = weighted([*task.checked.train, *task.checked.valid], task.config)

    def row(item: Example) -> dict[str, Any]:
        return {
            "input_ids": score_ids(task.base.tokenizer, item),
            "label": float(bool(item.label)),
            "weight": item.weight if weighs else 1.0,
        }

    def build() -> Any:
        adapter = adapter_config(task)
        model = task.base.model if adapter is None else peft.get_peft_model(task.base.model, adapter)
        more = {"remove_unused_columns": False, "label_names": ["label"]}
        return yes_no()(
            model=model,
            args=transformers.TrainingArguments(**arguments(task, **more)),
            processing_class=task.base.tokenizer,
            compute_metrics=measured,
            callbacks=callbacks(task),
            **rows_of(task, row),
        )

    def beside(model: Any) -> None:
        """Its numbers become probabilities by what validated; without that, it judges nothing."""
        valid, opened = task.checked.valid, replace(task.base, model=model)
        numbers = score_rows(opened, [score_ids(opened.tokenizer, item) for item in valid])
        known, trained = _known(valid), _known(task.checked.train)
        scales = fit_scales(numbers.tolist(), known, trained, max_length=task.config.max_length)
        if scales is not None:
            save_scales(scales, task.place.out)

    return finish(task, build, beside if task.material.form == "verdicts" else None)


def _known(items: Sequence[Example]) -> list[Known]:
    return [Known(item.group, item.silent, bool(item.label)) for item in items]


def score_ids(tokenizer: Any, item: Example) -> list[int]:
    """The tokens that are scored: the prompt, and where there is one the answer after it."""
    if not item.answer:
        return prompt_ids(tokenizer, item.prompt)
    return whole_ids(tokenizer, item.prompt, item.answer)


def measured(predicted: Any) -> dict[str, float]:
    """AUROC and balanced accuracy at 0.5 of the numbers; nothing where only one answer occurs."""
    numbers = np.asarray(predicted.predictions, dtype=float).reshape(-1)
    yes = np.asarray(predicted.label_ids, dtype=float).reshape(-1) > 0.5
    if yes.all() or not yes.any():
        return {}
    rank = auroc(1 / (1 + np.exp(-numbers)), yes.astype(float), np.ones((1, len(yes))))[0]
    right = (numbers > 0) == yes
    return {"auroc": float(rank), "balanced_accuracy": float((right[yes].mean() + right[~yes].mean()) / 2)}
