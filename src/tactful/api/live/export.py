"""Kept conversations as a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.types import Conversation


def live_conversations(database: Path | str = "live.sqlite") -> Iterator[Conversation]:
    """The conversations whose texts were kept, the oldest first; streamed. Raises UserError where there is no such database.

    The assistant's turns say in `meta` what was advised, whether it was told, and the `propensity` of what it did where it
    was told and did so: what `audit`, `learn` and `replay` read.
    """
    from tactful.live.showing.exporting import kept_conversations
    from tactful.live.storing import open_live_store

    with open_live_store(database, create=False) as store:
        yield from kept_conversations(store)
