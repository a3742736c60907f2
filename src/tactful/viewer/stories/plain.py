"""Messages and events wherever they stand, and rows of which no more is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tactful.viewer.stories.beats import Beat, Compared, Happened, Role, Said, Told, TurnAt
from tactful.viewer.strips.plain import Row, parts, words

_ROLES: dict[str, Role] = {
    "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "system": "system",
}  # fmt: skip
CHATS = ("messages", "conversation", "conversations", "context", "prompt", "completion")
"""Where rows of trainers keep messages."""
_TEXTS = frozenset({"prompt", "completion", "chosen", "rejected"})
"""Those of which some trainers make one text."""


def said(row: Row, *, new: bool = True) -> Said:
    """A message, whatever its form calls role and content."""
    role = words(row.get("role")) or words(row.get("from"))
    text = words(row.get("content")) or words(row.get("value"))
    return Said(role=_ROLES.get(role, "other"), text=text, new=new)


def messages(row: Row, name: str) -> Iterator[Said]:
    """The messages under `name`: a list of them, or one text."""
    if isinstance(text := row.get(name), str):
        if text and name in _TEXTS:
            yield Said(role="assistant" if name == "completion" else "user", text=text)
        return
    for one in parts(row, name):
        yield said(one)


def happened(row: Row, name: str) -> Iterator[Happened]:
    """The events under `name`, in our form or ProactiveBench's."""
    for one in parts(row, name):
        text = words(one.get("text")) or words(one.get("event"))
        yield Happened(at=words(one.get("time")) or words(one.get("at")), text=text)


def told(row: Row, *names: str) -> Iterator[Told]:
    """The texts under these names that are there."""
    for name in names:
        if text := words(row.get(name)):
            yield Told(name=name, text=text)


def joined(row: Row, name: str) -> str:
    """Messages, or a text, as one text to compare."""
    return "\n\n".join(one.text for one in messages(row, name))


def chat_beats(row: Row) -> Iterator[Beat]:
    """A row with messages in one of the common forms; of any other, its turn alone."""
    for name in CHATS:
        yield from messages(row, name)
    if "chosen" in row and "rejected" in row:
        yield Compared(chosen=joined(row, "chosen"), rejected=joined(row, "rejected"))
    yield TurnAt(turn=0)


def without(row: Row, shown: Iterable[str]) -> dict[str, Any]:
    """What else stands in the row; empty values say nothing."""
    hidden = frozenset(shown)
    return {
        name: value for name, value in row.items() if name not in hidden and value not in ("", None, [], {})
    }
