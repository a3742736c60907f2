"""An advisor by its configuration."""

from __future__ import annotations

from pathlib import Path

from tactful.live.advisor import ACTIONS, Advisor
from tactful.live.configuring import LiveConfig, read_live_config
from tactful.live.deciding.unread import NONE, NoReader
from tactful.policy import open_policy, read_policy
from tactful.reading.opening import open_embedded_reader
from tactful.types import Policy


def open_advisor(config: LiveConfig) -> Advisor:
    """The advisor; the caller closes it. Raises: UserError or DataError for a reader, policy or database that cannot be opened."""
    reader = NoReader() if config.reader == NONE else open_embedded_reader(config.reader)
    return Advisor(config.database, policy=_policy(config.policy), reader=reader, settings=config)


def _policy(name: str) -> Policy:
    if name in ("cost", "rule", "random") or name.startswith("always-"):
        return open_policy(name, ACTIONS)
    return read_policy(Path(name))


__all__ = ["LiveConfig", "open_advisor", "read_live_config"]
