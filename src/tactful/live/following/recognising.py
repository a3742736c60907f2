"""Which conversation does a request go on with? A chat request carries the whole conversation: its prefix tells.

Each request is known by a hash of its messages up to the user's last one. A later request of the same conversation begins
with those messages, then has the assistant's answer, then what the user wrote next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tactful.types import Message


@dataclass(frozen=True)
class Place:
    """A request among the messages of its conversation."""

    key: str
    """Of the messages up to the user's last one."""
    earlier: tuple[tuple[str, int], ...]
    """Keys of the requests before it in the same conversation with the number of messages up to each, the latest first."""


def place_of(messages: Sequence[Message], scope: str = "") -> Place:
    """The keys of a request and of those before it. `scope` parts users or keys who happen to say the same.

    System messages are left out: their text often holds the time.
    """
    digest = hashlib.sha256(scope.encode())
    keys: list[tuple[str, int]] = []
    for at, message in enumerate(messages):
        if message.role == "system":
            continue
        content = message.content.encode("utf-8", "surrogatepass")
        digest.update(f"\x1e{message.role}\x1f{len(content)}\x1f".encode() + content)
        if message.role == "user":
            keys.append((digest.hexdigest()[:32], at + 1))
    key = keys[-1][0] if keys else digest.hexdigest()[:32]
    return Place(key=key, earlier=tuple(reversed(keys[:-1])))
