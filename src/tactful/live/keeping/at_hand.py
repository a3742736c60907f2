"""Where the latest conversations stand, in memory: their next request finds it without asking the database.

What is here is what this process decided, also what is not stored yet. Another process may have gone on with a conversation:
so an entry counts only where it is of the request right before the one at hand.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace
from threading import Lock

from tactful.live.following.recognising import Place
from tactful.live.keeping.lookup import Known, forked, keys_before
from tactful.live.types import Advice
from tactful.mend.turns import Task

_MOST = 4_000
"""Requests."""


@dataclass
class _Talk:
    """One conversation."""

    asked_before: int
    """Questions that were advised before its first request that is here."""
    asked: Counter[str] = field(default_factory=Counter)
    """Key of a request → questions that were advised on it."""
    latest: str = ""
    """Key of its latest request."""

    def asked_but_at(self, key: str) -> int:
        """Questions that were advised on other requests than this one."""
        return self.asked_before + self.asked.total() - self.asked[key]


@dataclass
class _Stand:
    """Where a conversation stood once a request was decided."""

    advice: Advice
    task: Task
    observed: bool = False


class AtHand:
    """The latest requests of this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._stands: OrderedDict[str, _Stand] = OrderedDict()
        self._talks: dict[str, _Talk] = {}
        self._keys: dict[str, str] = {}
        """Id of an advice → key."""
        self._lock = Lock()

    def known(self, place: Place, conversation: str) -> Known | None:
        """Where this request's conversation stands, without its user's taste; None: that is not told here."""
        before = keys_before(place)
        with self._lock:
            stand = self._stands.get(before[0]) if before else None
            if stand is None or conversation not in ("", stand.advice.conversation):
                return None
            talk = self._talks.get(stand.advice.conversation)
            if talk is None:
                return None
            if not conversation and talk.latest not in (before[0], place.key):
                return Known(self._fork(stand, place.key), replace(stand.task), None)
            return _known(stand, talk, place.key)

    def latest_known(self, place: Place, conversation: str) -> Known | None:
        """The latest other request of a conversation that the caller names, and where it stood then; None: none is here."""
        with self._lock:
            talk = self._talks.get(conversation)
            if talk is None or talk.latest == place.key:
                return None
            return _known(self._stands[talk.latest], talk, place.key)

    def keep(self, advice: Advice, key: str, task: Task, asked: int) -> None:
        """A request was decided; `asked`: questions that were advised on others of its conversation."""
        with self._lock:
            talk = self._talks.get(advice.conversation) or _Talk(asked)
            self._drop(key)
            self._talks[advice.conversation] = talk
            talk.asked[key] += advice.choice == "ask"
            talk.latest = key
            self._stands[key] = _Stand(advice, replace(task))
            self._keys[advice.id] = key
            while len(self._stands) > _MOST:
                self._drop(next(iter(self._stands)))

    def observed(self, advice: str) -> None:
        """What came of this advice has been learned."""
        with self._lock:
            if (stand := self._stands.get(self._keys.get(advice, ""))) is not None:
                stand.observed = True

    def advice(self, conversation: str, key: str = "") -> Advice | None:
        """The latest advice in a conversation, where it is on the request with this key; None: it is not here."""
        with self._lock:
            talk = self._talks.get(conversation)
            return None if talk is None or key not in ("", talk.latest) else self._stands[talk.latest].advice

    def forget(self, user: str) -> None:
        """Let go of everything of a user (a hash)."""
        with self._lock:
            for key in [key for key, stand in self._stands.items() if stand.advice.user == user]:
                self._drop(key)

    def _fork(self, stand: _Stand, key: str) -> str:
        """The conversation of a request from whose place another went on; the same one where it is decided again."""
        again = self._stands.get(key)
        talk = self._talks.get(again.advice.conversation) if again is not None else None
        if again is not None and talk is not None and talk.latest == key:
            return again.advice.conversation
        return forked(stand.advice.conversation)

    def _drop(self, key: str) -> None:
        stand = self._stands.pop(key, None)
        if stand is None:
            return
        self._keys.pop(stand.advice.id, None)
        talk = self._talks.get(stand.advice.conversation)
        if talk is not None and talk.latest == key:
            del self._talks[stand.advice.conversation]


def _known(stand: _Stand, talk: _Talk, key: str) -> Known:
    return Known(
        conversation=stand.advice.conversation,
        task=replace(stand.task),
        taste=None,
        earlier=stand.advice.id,
        earlier_at=stand.advice.at,
        unobserved=not stand.observed,
        asked=talk.asked_but_at(key),
    )
