"""Foreign text: made fit to use in messages, and one that says something."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def clip(text: str | bytes, length: int = 200) -> str:
    """The beginning of foreign text, on one line and without control characters, for an error message."""
    if isinstance(text, bytes):
        text = text[: 4 * length].decode(errors="replace")
    text = _CONTROL.sub(" ", str(text)[: 2 * length]).strip()
    text = text.encode(errors="replace").decode()
    return text if len(text) <= length else text[:length] + "…"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text.strip()


Said = Annotated[str, AfterValidator(_not_blank)]
"""A text that says something. Checked by us: strict schemas of several endpoints know no least length of a string."""
