"""Foreign text made fit to use in messages."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def clip(text: str | bytes, length: int = 200) -> str:
    """The beginning of foreign text, on one line and without control characters, for an error message."""
    if isinstance(text, bytes):
        text = text[: 4 * length].decode(errors="replace")
    text = _CONTROL.sub(" ", str(text)[: 2 * length]).strip()
    text = text.encode(errors="replace").decode()
    return text if len(text) <= length else text[:length] + "…"
