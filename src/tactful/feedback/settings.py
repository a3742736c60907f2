"""Rewards and τ_c from a TOML file."""

from __future__ import annotations

from pathlib import Path

from tactful.data.io import as_settings, read_toml
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
    known = "known keys are rewards and tau_c"
    return as_settings(FeedbackConfig, values, "the configuration", path=path, fix=known)
