"""What is told of a row whose keys are fixed, where they are not those that it must and may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tactful.data.io import shorten
from tactful.data.recognise import refuse_named


def refuse_keys(row: Mapping[str, Any], kind: str, needed: Sequence[str], known: Collection[str]) -> None:
    """Nothing, unless a row of this kind names another, lacks a key that is `needed`, or has one that is not `known`.

    Raises: ValueError.
    """
    refuse_named(row, f"{kind}s")
    missing = [key for key in needed if key not in row]
    if missing:
        raise ValueError(
            f"{kind} has no {' and no '.join(map(repr, missing))}; its keys are {', '.join(map(str, row)) or 'none'}"
        )
    unknown = sorted(str(key) for key in set(row) - set(known))
    if unknown:
        raise ValueError(f"{kind} has the unknown key '{unknown[0]}', expected some of {', '.join(known)}")


def text_in(row: Mapping[str, Any], key: str, kind: str) -> str:
    """The text or whole number under a key of a row of this kind, stripped; empty for none. Raises: ValueError."""
    value = row.get(key)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{kind} has {key} {shorten(value)}, expected text")
    return value.strip()
