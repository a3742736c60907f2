"""Pieces that all kinds of records share: facts at the top of a row, and values that may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.types import TAG
from tactful.viewer.types import Scalar, Strip

Row = Mapping[str, Any]
_NOT_FACTS = frozenset({TAG, "provenance", "hidden", "id"})
_IDS = ("id", "moment_id", "turn_id", "item")
_LONG = 300
"""Longer text is something to read and to search, not to compare."""


def part(row: Any, name: str) -> Row:
    """The object under `name`; empty where there is none."""
    found = row.get(name) if isinstance(row, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def parts(row: Any, name: str) -> list[Row]:
    """The objects in the list under `name`; empty where there is none."""
    found = row.get(name) if isinstance(row, Mapping) else None
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def texts(row: Row, name: str) -> list[str]:
    """The texts in the list under `name`, what is none as an empty one; empty where there is no list."""
    found = row.get(name)
    return [words(one) for one in found] if isinstance(found, list) else []


def number(value: Any) -> float | None:
    """A number, or None for anything else; true and false are none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def yes_no(value: Any) -> bool | None:
    """True or false, or None for anything else."""
    return value if isinstance(value, bool) else None


def words(value: Any) -> str:
    """Text, or nothing."""
    return value if isinstance(value, str) else ""


def facts(row: Row, *names: str) -> dict[str, Scalar]:
    """The plain values under these names, or at the top of the row where none are named; missing ones are left out."""
    chosen = names or tuple(name for name in row if name not in _NOT_FACTS)
    return {name: row[name] for name in chosen if _is_fact(row.get(name))}


WEIGHED = ("need", "worth", "cost")
"""What a policy weighs."""


def weighed_facts(row: Row) -> dict[str, Scalar]:
    """What a policy weighed; its cost under a name of its own: what a record cost has that one already."""
    found = facts(part(row, "weighed"), *WEIGHED)
    return {"asking_cost" if name == "cost" else name: value for name, value in found.items()}


def inner_facts(row: Row) -> dict[str, Scalar]:
    """As `facts`, with those of objects one level down as `outer_inner`."""
    found = facts(row)
    for outer, value in row.items():
        if outer not in _NOT_FACTS and isinstance(value, Mapping):
            found |= {f"{outer}_{inner}": one for inner, one in facts(value).items()}
    return found


def _is_fact(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and 0 < len(value) <= _LONG)


def as_they_are(row: Row) -> Iterator[Strip]:
    """A row of which no more is known than what stands in it: one strip, with its values as facts."""
    yield Strip(id=words(row.get("id")), facts=inner_facts(row))


def name_of(row: Row) -> str:
    """The id of a row; of one without, its place in what it was made of; empty: it has no name."""
    if found := next((str(row[name]) for name in _IDS if row.get(name)), ""):
        return found
    for whole, at, between in (("conversation", "turn", "#"), ("trace", "at", ":")):
        if words(row.get(whole)) and number(row.get(at)) is not None:
            return f"{row[whole]}{between}{row[at]}"
    return ""
