"""What each user did with the proposals so far, updated as reactions come in. Only counts and times are kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from tactful.data.sealed import load_document, save_document
from tactful.types import ProposalHistory, Record


class UserRecord(Record):
    """One user's reactions so far."""

    shown: int = Field(default=0, ge=0)
    accepted: int = Field(default=0, ge=0)
    last_at: AwareDatetime | None = None
    """When the last proposal was shown; None where no time was given."""


class _HistoryFile(Record):
    format: Literal["tactful-history-1"] = "tactful-history-1"
    users: Mapping[str, UserRecord] = {}


class HistoryTracker:
    """Histories by user. `observe` after each reaction, `history` before each proposal; safe for threads."""

    def __init__(self, users: Mapping[str, UserRecord] | None = None) -> None:
        self._users = dict(users or {})
        self._lock = threading.Lock()

    def observe(self, user: str, *, accepted: bool, at: datetime | None = None) -> UserRecord:
        """Count one reaction of `user` to a proposal shown at `at` (aware), and give the new record.

        Raises: ValueError for a time without a zone.
        """
        _refuse_without_zone(at)
        with self._lock:
            known = self._users.get(user, UserRecord())
            moved = at.astimezone(UTC) if at is not None else known.last_at
            if known.last_at is not None and moved is not None and moved < known.last_at:
                moved = known.last_at  # reactions may arrive out of order, and clocks jump
            found = UserRecord(shown=known.shown + 1, accepted=known.accepted + accepted, last_at=moved)
            self._users[user] = found
        return found

    def history(self, user: str, at: datetime | None = None) -> ProposalHistory:
        """What is known of `user` at `at` (aware); all zero for a user never seen. A clock that went back gives 0 seconds.

        Raises: ValueError for a time without a zone.
        """
        _refuse_without_zone(at)
        with self._lock:
            known = self._users.get(user, UserRecord())
        since = None
        if at is not None and known.last_at is not None:
            since = max(0.0, (at - known.last_at).total_seconds())
        return ProposalHistory(shown=known.shown, accepted=known.accepted, since_last_s=since)

    def forget(self, user: str) -> bool:
        """Forget a user. True when there was something to forget."""
        with self._lock:
            return self._users.pop(user, None) is not None

    @property
    def users(self) -> int:
        """How many users are known."""
        return len(self._users)

    def save(self, path: Path) -> None:
        """Write all histories, whole or not at all. Raises: UserError when the disk refuses."""
        with self._lock:
            content = _HistoryFile(users=dict(sorted(self._users.items())))
        save_document(path, content, replace=True)

    @classmethod
    def load(cls, path: Path) -> HistoryTracker:
        """The histories in `path`; empty when there is no such file yet. Raises: DataError for another kind of file."""
        if not path.exists():
            return cls()
        again = "give another file, or move it away"
        content = load_document(path, _HistoryFile, what="file of histories", again=again)
        return cls(content.users)


def _refuse_without_zone(at: datetime | None) -> None:
    if at is not None and at.tzinfo is None:
        raise ValueError(f"the time {at.isoformat()} has no zone; give one, such as +00:00")
