"""A mark that fences texts of others inside a prompt: none of them can end its fence."""

from __future__ import annotations

from collections.abc import Sequence

from tactful.types import content_hash


def mark_for(texts: Sequence[str], digits: int = 16) -> str:
    """A mark that occurs in none of the texts: a hash over all of them, which no text can contain on purpose."""
    mark = content_hash("\x1f".join(texts).encode("utf-8", "surrogatepass"))[:digits]
    while any(mark in text for text in texts):
        mark = content_hash(mark)[:digits]
    return mark


def fenced(**texts: str) -> dict[str, str]:
    """The texts as fields of a prompt, with the mark that fences them as `mark`."""
    return {"mark": mark_for(tuple(texts.values()), 12), **texts}
