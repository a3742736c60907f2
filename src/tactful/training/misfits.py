"""Settings that do not fit each other, refused before anything is read, loaded or written."""

from __future__ import annotations

from tactful.errors import UsageError
from tactful.training.types import TrainConfig, Trainer

_ADAPTERS = {"lora_rank", "lora_alpha", "lora_layers"}
_TRAINERS: dict[str, tuple[Trainer, ...]] = {
    "packing": ("sft",),
    "beta": ("dpo", "kto"),
    "use_weights": ("sft", "dpo", "reward"),
    "use_margins": ("dpo", "reward"),
    "balance": ("kto",),
    "personas": ("grpo",),
    "generations": ("grpo",),
    "max_turns": ("grpo",),
    "max_message": ("grpo",),
    "temperature": ("grpo",),
    "credit": ("grpo",),
}
"""Setting → trainers that read it; the others are of all."""
_FLAGS = {
    "use_weights": "--no-weights",
    "use_margins": "--margins",
    "balance": "--no-balance",
    "personas": "--persona",
}


def _flag(name: str) -> str:
    return _FLAGS.get(name, f"--{name.replace('_', '-')}")


def _listed(trainers: tuple[Trainer, ...]) -> str:
    *first, last = trainers
    return f"{', '.join(first)} and {last}" if first else last


def refuse_misfits(config: TrainConfig) -> None:
    """Raises: UsageError at the first settings that do not fit each other or the trainer."""
    if config.load_in_4bit and not config.adapter:
        raise UsageError("--load-in-4bit trains an adapter; add --lora")
    if config.load_in_4bit and config.dtype == "f32":
        raise UsageError(
            "--dtype f32: weights in 4 bits compute in bf16; use --dtype bf16, or leave --load-in-4bit out"
        )
    if config.learn == "action" and config.trainer not in ("sft", "dpo", "kto"):
        raise UsageError(f"--learn action is for sft, dpo and kto, not for {config.trainer}; leave it out")
    if config.shown != "conversation" and config.learn != "action":
        raise UsageError(f"--shown {config.shown} is for --learn action; add it, or leave this out")
    given = {
        name for name, known in TrainConfig.model_fields.items() if getattr(config, name) != known.default
    }
    for name in sorted(given & _ADAPTERS):
        if not config.adapter:
            raise UsageError(f"{_flag(name)} is of an adapter, but all weights are trained; add --lora")
    for name in sorted(given & _TRAINERS.keys()):
        if config.trainer not in (known := _TRAINERS[name]):
            raise UsageError(f"{_flag(name)} is for {_listed(known)}, not for {config.trainer}; leave it out")
    if config.trainer == "kto" and config.batch < 2:
        raise UsageError(
            "--batch 1: kto compares the answers of a batch; give 2 or more, and --accumulate less"
        )
    talks = config.batch * config.accumulate
    if config.trainer == "grpo" and (config.generations < 2 or talks % config.generations):
        raise UsageError(
            f"--generations {config.generations}: takes 2 or more, and --batch {config.batch} times --accumulate "
            f"{config.accumulate} must be a multiple of it"
        )
