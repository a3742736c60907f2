"""Settings that a training would read and ignore are refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest

from tactful.errors import UsageError
from tactful.training import TrainConfig
from tactful.training.misfits import refuse_misfits


@pytest.mark.parametrize(
    ("trainer", "given", "told"),
    [
        ("sft", {"lora_rank": 8}, "--lora-rank is of an adapter, but all weights are trained; add --lora"),
        ("dpo", {"lora": False, "lora_layers": 2}, "--lora-layers is of an adapter"),
        ("dpo", {"load_in_4bit": True, "dtype": "f32"}, "--dtype f32: weights in 4 bits compute in bf16"),
        ("dpo", {"shown": "numbers"}, "--shown numbers is for --learn action"),
        ("sft", {"beta": 0.2}, "--beta is for dpo and kto, not for sft"),
        ("kto", {"use_margins": True}, "--margins is for dpo and reward, not for kto"),
        ("kto", {"use_weights": False}, "--no-weights is for sft, dpo and reward, not for kto"),
        ("dpo", {"balance": False}, "--no-balance is for kto, not for dpo"),
        ("sft", {"personas": ("expert",)}, "--persona is for grpo, not for sft"),
        ("sft", {"max_turns": 2}, "--max-turns is for grpo, not for sft"),
    ],
)
def test_what_this_training_would_not_read_is_refused(trainer: Any, given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        refuse_misfits(TrainConfig(trainer=trainer, model="m", **given))


@pytest.mark.parametrize(
    ("trainer", "given"),
    [
        ("sft", {"lora": True, "lora_rank": 8, "beta": 0.1}),
        ("dpo", {"lora_rank": 8, "beta": 0.2, "use_margins": True, "learn": "action", "shown": "numbers"}),
        ("kto", {"balance": False}),
        ("grpo", {"credit": "turn", "max_turns": 2}),
    ],
)
def test_what_it_reads_and_defaults_are_taken(trainer: Any, given: dict[str, Any]) -> None:
    refuse_misfits(TrainConfig(trainer=trainer, model="m", **given))
