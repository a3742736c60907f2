"""Long texts made to fit a prompt."""

from __future__ import annotations


def shortened(text: str, most: int, *, joint: str = "\n") -> str:
    """The text, or its first and last parts with a mark between them, set off by `joint`, that says how much is missing."""
    if len(text) <= most:
        return text
    tail = most // 3
    mark = f"[… {len(text) - most} characters left out …]"
    return f"{text[: most - tail]}{joint}{mark}{joint}{text[len(text) - tail :]}"
