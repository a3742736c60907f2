"""Foreign text made fit to use: think blocks off, and clipped for messages."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_THOUGHT = re.compile(r"^\s*<(think|thinking)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</think(?:ing)?>", re.IGNORECASE)


def clip(text: str | bytes, length: int = 200) -> str:
    """The beginning of foreign text, on one line and without control characters, for an error message."""
    if isinstance(text, bytes):
        text = text[: 4 * length].decode(errors="replace")
    text = _CONTROL.sub(" ", str(text)[: 2 * length]).strip()
    text = text.encode(errors="replace").decode()
    return text if len(text) <= length else text[:length] + "…"


def strip_thoughts(text: str) -> str:
    """The text without the think block that a reasoning model starts with, also one that never closes or opens."""
    return split_thoughts(text)[1]


def split_thoughts(text: str) -> tuple[str, str]:
    """(the think block with the tags that it has, the rest); the first is empty where there is none."""
    if "think" not in text and "THINK" not in text:
        return "", text
    stripped = _THOUGHT.sub("", text, count=1)
    if stripped == text:  # the opening tag stood in the prompt template
        end = _THOUGHT_END.search(text)
        before = text[: end.start()] if end else ""
        if end and "<think" not in before.lower():
            stripped = text[end.end() :]
    return text[: len(text) - len(stripped)].strip(), stripped.strip()
