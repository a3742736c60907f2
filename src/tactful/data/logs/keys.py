"""What stands under the keys of a row, by whichever of them a log writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def first_given(row: Mapping[str, Any], keys: Iterable[str], default: Any = None) -> Any:
    """What stands under the first of these keys that is there and not null, also where it is empty."""
    for key in keys:
        if (value := row.get(key)) is not None:
            return value
    return default


def first_filled(row: Mapping[str, Any], keys: Iterable[str], default: Any = None) -> Any:
    """What stands under the first of these keys that holds something."""
    for key in keys:
        if value := row.get(key):
            return value
    return default


def first_text(row: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The first of these keys that holds a text or a whole number; empty where none does."""
    for key in keys:
        value = row.get(key)
        if (isinstance(value, str) and value) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
    return ""


def object_in(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object under a key; empty where none is."""
    found = row.get(key)
    return found if isinstance(found, Mapping) else {}
