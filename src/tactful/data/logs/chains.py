"""Which conversation is a call part of that names no more than the call before it? Few ids in memory, the others on the disk."""

from __future__ import annotations

from collections.abc import Callable

from tactful.data.scratch import scratch

_CACHE_KB = 8_000


class Chains:
    """Calls and their conversations, whether a log tells the oldest call first or the newest."""

    def __init__(self) -> None:
        self._store = scratch(_CACHE_KB)
        self._store.execute("CREATE TABLE calls (id TEXT PRIMARY KEY, talk TEXT) WITHOUT ROWID")

    def conversation(self, own: str, before: str, new: Callable[[], str]) -> str:
        """The conversation of the call before, of a call after this one, or a `new` one.

        `own` and `before` are ids of calls; an empty one belongs to none.
        """
        talk = self._of(before) or self._of(own) or new()
        for call in filter(None, (own, before)):
            self._store.execute("INSERT OR IGNORE INTO calls VALUES (?, ?)", (call, talk))
        return talk

    def _of(self, call: str) -> str:
        found = self._store.execute("SELECT talk FROM calls WHERE id = ?", (call,)).fetchone()
        return found[0] if found else ""

    def close(self) -> None:
        """Forget them."""
        self._store.close()
