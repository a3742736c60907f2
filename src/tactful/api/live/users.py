"""What is known of users: shown, begun anew, removed, taken over from a log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.live.showing.users import LiveUsers


def live_users(
    database: Path | str = "live.sqlite",
    *,
    reset: str | None = None,
    remove: str | None = None,
    learned: Path | str | None = None,
    config: Path | str | None = None,
) -> LiveUsers:
    """What is believed of every user, the least patient first, and of a new one.

    `reset`: let this user (name or hash) begin anew as a stranger; what was decided for them stays. `remove`: delete every row
    that is of them. `learned`: begin with the folder of `tactful learn`, for users who are not known yet and for new ones.
    `config`: the file that the advisor is started with, for its guards.

    Raises UserError where there is no such database or user, DataError for a folder without a policy.
    """
    from tactful.data.logs.users import Names
    from tactful.live.keeping.memory import Memory
    from tactful.live.opening import read_live_config
    from tactful.live.showing.users import hash_of, shown_users, take_over
    from tactful.live.storing import open_live_store
    from tactful.text.counting import counted

    if sum(one is not None for one in (reset, remove, learned)) > 1:
        raise UsageError("reset, remove and learned exclude each other; give them one after the other")
    settings, names = read_live_config(config), Names()
    memory = Memory(open_live_store(database, create=learned is not None), settings)
    try:
        done = ""
        if reset is not None:
            user = hash_of(memory, reset, names)
            done = f"{user} begins anew" if memory.reset(user) else f"nothing was known of {user} yet"
        elif remove is not None:
            user = hash_of(memory, remove, names)
            done = f"{user} is removed: {counted(memory.forget(user), 'row')}"
        elif learned is not None:
            done = take_over(memory, Path(learned))
        return shown_users(memory, settings.guards, done)
    finally:
        memory.close()
