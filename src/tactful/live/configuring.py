"""The configuration of an advisor: a file of TOML, then what was given beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from tactful.data.io import as_settings, read_toml
from tactful.live.settings import LiveSettings
from tactful.reading.opening import DEFAULT


class LiveConfig(LiveSettings):
    """The settings of an advisor, with what it decides by and where it keeps what it knows."""

    database: str = Field(default="live.sqlite", repr=False)
    """A file, or an address `postgresql://…`, which may hold a password."""
    reader: str = DEFAULT
    """`encoder` (bundled), `surface`, a folder, or `none`: only conversations and learned costs, within a millisecond."""
    policy: str = "cost"
    """`cost`, the file of `tactful learn`, or one of `policy train`."""


def read_live_config(config: Path | str | None = None, **given: Any) -> LiveConfig:
    """The configuration in a file, or the defaults; what is `given` and not None goes before.

    Raises: ConfigError, naming file and key, for what cannot be used.
    """
    values = {} if config is None else read_toml(Path(config))
    values |= {key: value for key, value in given.items() if value is not None}
    return as_settings(LiveConfig, values, "the configuration", path=config)
