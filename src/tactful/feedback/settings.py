"""Rewards and τ_c from a TOML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from tactful.data.io import describe, read_toml
from tactful.errors import ConfigError
from tactful.feedback.labels import LABELS
from tactful.feedback.types import FeedbackConfig


def load_feedback_config(path: Path) -> FeedbackConfig:
    """The configuration in `path`: `tau_c`, and the table `rewards` by label; what is not named keeps its default.

    Raises: ConfigError, for a file that cannot be read, an unknown key or label, or a value out of range.
    """
    values = read_toml(path, "the feedback configuration")
    rewards = values.get("rewards", {})
    unknown = sorted(rewards.keys() - set(LABELS)) if isinstance(rewards, dict) else []
    if unknown:
        raise ConfigError(
            f"{path}: rewards names the unknown label '{unknown[0]}'; the labels are {', '.join(LABELS)}"
        )
    try:
        return FeedbackConfig.model_validate(values)
    except ValidationError as error:
        problem = describe(error, "the configuration")
        raise ConfigError(f"{path}: {problem}; known keys are rewards and tau_c") from error
