"""A server of `tactful live serve` that runs already: nothing is loaded here, and it is not waited for long."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from tactful.errors import SafetyRefusal, UsageError
from tactful.live.counsel.types import Told
from tactful.text.addresses import is_here
from tactful.types import Message, NativeAsk, plain

_MOST = 1024 * 1024  # of an answer


@dataclass(frozen=True)
class CounselThere:
    """A `Counsel` at an address. Raises OSError or HTTPException where it does not answer in time, ValueError where it refuses."""

    url: str
    """Such as `http://127.0.0.1:8000`."""
    key: str | None = field(default=None, repr=False)
    timeout_s: float = 0.2
    """Of each answer."""

    def __post_init__(self) -> None:
        """Raises: UsageError for what is no address, SafetyRefusal for one of another machine, without a key."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--url {self.url}: is no address; give one such as http://127.0.0.1:8000")
        if self.key is None and not is_here(self.url):
            raise SafetyRefusal(
                f"--url {self.url} is another machine, which would get what is said; name the variable of its key with "
                "--api-key-env, or ask a server on 127.0.0.1"
            )

    def advise(self, messages: Sequence[Message], *, user: str, conversation: str) -> Told:
        """What to do about the user's last message."""
        return self._post(
            "/v1/advice", {"messages": plain(messages), "user": user, "conversation": conversation}
        )

    def vet(self, messages: Sequence[Message], ask: NativeAsk, *, user: str, conversation: str) -> Told:
        """May this question be put?"""
        asked = {"user": user, "conversation": conversation, "ask": ask.model_dump()}
        return self._post("/v1/asks", {"messages": plain(messages), **asked})

    def observe(
        self, messages: Sequence[Message], ask: NativeAsk | None, *, conversation: str
    ) -> Told | None:
        """Learn what came of the latest advice in a conversation."""
        asked = None if ask is None else ask.model_dump()
        return self._observed({"messages": plain(messages), "ask": asked, "conversation": conversation})

    def report(self, advice: str, outcome: str) -> Told | None:
        """Learn what came of an advice, as it is told."""
        return self._observed({"advice": advice, "outcome": outcome})

    def killed(self) -> bool:
        """Whether the kill switch is on."""
        return bool(self._asked("GET", "/v1/advice", None)["killed"])

    def close(self) -> None:
        """Nothing is held."""

    def answers(self) -> bool:
        """Whether a server of ours is there."""
        try:
            return "questions" in self._asked("GET", "/v1/decisions", None)
        except (OSError, http.client.HTTPException, ValueError):
            return False

    def _observed(self, body: Mapping[str, Any]) -> Told | None:
        observation: Told | None = self._post("/v1/observations", body).get("observation")
        return observation

    def _post(self, path: str, body: Mapping[str, Any]) -> Told:
        return self._asked("POST", path, orjson.dumps(body))

    def _asked(self, method: str, path: str, body: bytes | None) -> Told:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        headers = {"Content-Type": "application/json"}
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            told = orjson.loads(answer.read(_MOST))
        finally:
            connection.close()
        if answer.status != 200 or not isinstance(told, dict):
            raise ValueError(f"the server answered with status {answer.status}")
        return told
