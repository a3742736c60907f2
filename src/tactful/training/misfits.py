"""Settings that do not fit each other, refused before anything is read, loaded or written."""

from __future__ import annotations

from tactful.errors import UsageError
from tactful.training.types import TrainConfig


def refuse_misfits(config: TrainConfig) -> None:
    """Raises: UsageError at the first settings that do not fit each other or the trainer."""
    if config.load_in_4bit and not config.adapter:
        raise UsageError("--load-in-4bit trains an adapter; add --lora")
    if config.learn == "action" and config.trainer not in ("sft", "dpo", "kto"):
        raise UsageError(f"--learn action is for sft, dpo and kto, not for {config.trainer}; leave it out")
    if config.packing and config.trainer != "sft":
        raise UsageError(f"--packing is for sft, not for {config.trainer}; leave it out")
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
