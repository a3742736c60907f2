"""What hooks and tools ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tactful.types import Message, NativeAsk

Told = Mapping[str, Any]
"""An answer as JSON has it: `Advice`, `Vetted` or `Observation`."""


class Counsel(Protocol):
    """Advice on turns. What it raises is caught once, by whoever was asked to help: the assistant goes on as before."""

    def advise(self, messages: Sequence[Message], *, user: str, conversation: str) -> Told:
        """What to do about the user's last message."""
        ...

    def vet(self, messages: Sequence[Message], ask: NativeAsk, *, user: str, conversation: str) -> Told:
        """May this question be put?"""
        ...

    def observe(
        self, messages: Sequence[Message], ask: NativeAsk | None, *, conversation: str
    ) -> Told | None:
        """Learn what came of the latest advice in a conversation; `messages` end with the user's reply."""
        ...

    def report(self, advice: str, outcome: str) -> Told | None:
        """Learn what came of an advice, as it is told."""
        ...

    def killed(self) -> bool:
        """Whether the kill switch is on: an assistant is told nothing more, whatever was advised before."""
        ...

    def close(self) -> None:
        """Let go."""
        ...
