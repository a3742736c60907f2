"""Ratings as logs write them: thumbs, scores, reactions, comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS: Mapping[str, float] = {
    **dict.fromkeys(("thumbsup", "thumbs_up", "up", "like", "liked", "positive", "good", "👍", "true"), 1.0),
    **dict.fromkeys(
        ("thumbsdown", "thumbs_down", "down", "dislike", "disliked", "negative", "bad", "👎", "false"), -1.0
    ),
}


_VALUES = ("value", "score", "rating", "numberValue")
_SAID = ("stringValue", "string_value", "text", "comment", "reason", "tag")
_KEYS = {"rating": 0, "feedback": 0, "annotation": 0, "score": 0}.keys()


def ratings_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ratings among a row's keys: `rating`, `feedback`, `annotation`, `score`."""
    found: list[dict[str, Any]] = []
    if not _KEYS & row.keys():
        return found
    for key in _KEYS:
        given = row.get(key)
        for one in given if isinstance(given, list) else [given]:
            rating = rating_of(one, name=key)
            if rating is not None:
                found.append(rating)
    return found


def rating_of(given: Any, *, name: str = "rating") -> dict[str, Any] | None:
    """One rating: a number, a word, or an object with `value`, `score` or `rating` and words; None for none."""
    if isinstance(given, bool):
        return {"name": name, "value": 1.0 if given else -1.0}
    if isinstance(given, int | float):
        return {"name": name, "value": float(given)}
    if isinstance(given, str) and given.strip():
        return {"name": name, "value": _WORDS.get(given.strip().lower()), "text": given}
    if not isinstance(given, Mapping):
        return None
    value = next((given[key] for key in _VALUES if isinstance(given.get(key), int | float | str)), None)
    inner = rating_of(value, name=name) or {"name": name, "value": None}
    words = [given[key] for key in _SAID if isinstance(given.get(key), str) and given[key].strip()]
    if inner["value"] is None and not words and not inner.get("text"):
        return None
    inner["name"] = str(given.get("name") or given.get("key") or name)
    inner["by"] = str(given.get("source") or given.get("by") or "").lower()
    if words:
        inner["text"] = "; ".join(words)
    return inner
