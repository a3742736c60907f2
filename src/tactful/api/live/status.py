"""What a database of decisions holds, and its kill switch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.live.showing.status import LiveStatus


def live_status(database: Path | str = "live.sqlite", *, kill: bool | None = None) -> LiveStatus:
    """Counts of conversations, turns and what came of them; with `kill`, turns the kill switch on or off before.

    While it is on, decisions are made and stored, and no assistant on this database is told anything; they notice within
    two seconds. Raises UserError where there is no such database.

    >>> import tactful as tf
    >>> from tactful.live.advisor import Advisor
    >>> from tactful.types import Message
    >>> with Advisor("live.sqlite") as advisor:
    ...     advice = advisor.decide([Message(role="user", content="Write a function that adds two numbers.")])
    >>> tf.live_status("live.sqlite").turns
    1
    """
    from tactful.live.keeping.memory import Memory
    from tactful.live.settings import LiveSettings
    from tactful.live.showing.status import status_of
    from tactful.live.storing import open_live_store

    store = open_live_store(database, create=False)
    if kill is None:
        with store:
            return status_of(store)
    memory = Memory(store, LiveSettings())
    try:
        memory.shared.kill(kill)
        return status_of(store)
    finally:
        memory.close()
