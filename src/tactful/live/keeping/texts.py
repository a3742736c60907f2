"""The texts of a conversation as they are kept: whole, also where requests hold no more than its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tactful.types import Message

KEY = "key"
"""Of a kept text: that of the request which ends with it, where something was decided on that."""


def gone_on(kept: Sequence[Mapping[str, Any]], given: Sequence[Message], key: str) -> list[dict[str, Any]]:
    """The texts that are kept, with those of a request: from where it begins among them, they are as it says.

    So what was said before a request's first message stays, and what the user took back goes. System messages are the request's.
    """
    systems = [one.model_dump() for one in given if one.role == "system"]
    new = [one.model_dump() for one in given if one.role != "system"]
    old = [dict(one) for one in kept if one["role"] != "system"]
    alike, at = max((alike, at) for at, alike in enumerate((*_alike(old, new), 0)))
    said = [*old[: at + alike], *new[alike:]]
    said[max(at for at, one in enumerate(said) if one["role"] == "user")][KEY] = key
    return [*systems, *said]


def _alike(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[int]:
    """For each place among the old ones, with how many of the new ones it goes on, in linear time (Z algorithm)."""
    spoken = [(one["role"], one["content"]) for one in new]
    row = [*spoken, None, *((one["role"], one["content"]) for one in old)]
    found = [0] * len(row)
    left = right = 0
    for at in range(1, len(row)):
        size = min(right - at, found[at - left]) if at < right else 0
        while at + size < len(row) and row[size] == row[at + size]:
            size += 1
        found[at] = size
        if at + size > right:
            left, right = at, at + size
    return found[len(new) + 1 :]
