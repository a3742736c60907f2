"""Are two values equal, by Python's rules and no object's word? Works on what `inside.values.decode` gives.

int equals float equals complex; bool equals only bool; a list never equals a tuple; set equals frozenset; bytes
equals bytearray; a subclass of dict (Counter, OrderedDict, defaultdict) compares as dict, a named tuple as tuple.
NaN equals nothing, not even itself inside a container.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from typing import Any

from tactful.sandbox.inside.values import Pairs, Unordered

_MAX_SHOWN = 200
_MAX_HASHED = 1000
"""Members of a returned set that are hashed at once; keeps chosen hash collisions cheap."""


class CannotCompare(Exception):
    """This operation is not defined for these values; the test fails with this as its detail."""


def kind(value: Any) -> str:
    """The class of values that may be equal to each other."""
    match value:
        case None:
            return "None"
        case bool():
            return "bool"
        case int() | float() | complex():
            return "number"
        case str():
            return "str"
        case bytes() | bytearray():
            return "bytes"
        case Unordered() | set() | frozenset():
            return "set"
        case Pairs() | dict():
            return "dict"
        case list():
            return "list"
        case tuple():
            return "tuple"
    raise CannotCompare(f"values of type {type(value).__name__} are not compared")


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, dict) else list(value)


def form(value: Any) -> Hashable:
    """A hashable stand-in: two values are equal exactly when their forms are (NaN apart)."""
    match kind(value):
        case "list" | "tuple" as name:
            return name, tuple(form(item) for item in value)
        case "set":
            return "set", frozenset(form(item) for item in value)
        case "dict":
            return "dict", frozenset((form(key), form(item)) for key, item in _pairs(value))
        case "bytes":
            return "bytes", bytes(value)
        case name:
            return name, value


def equal(left: Any, right: Any) -> bool:
    """Whether the two are equal. Sizes are compared before anything is hashed."""
    name = kind(left)
    if name != kind(right):
        return False
    if name in ("list", "tuple"):
        return len(left) == len(right) and all(map(equal, left, right))
    if name == "set":
        return len(left) == len(right) and form(left) == form(right)
    if name == "dict":
        return len(left) == len(right) and _equal_dicts(_pairs(left), _pairs(right))
    return bool(left == right)


def _equal_dicts(left: list[tuple[Any, Any]], right: list[tuple[Any, Any]]) -> bool:
    by_key = {form(key): item for key, item in right}
    for key, item in left:
        found = form(key)
        if found not in by_key or not equal(item, by_key.pop(found)):
            return False
    return not by_key


def contains(container: Any, item: Any) -> bool:
    """`item in container`. Raises CannotCompare where Python raises TypeError."""
    name = kind(container)
    if name == "str" and kind(item) == "str":
        return bool(item in container)
    if name == "bytes" and (kind(item) == "bytes" or type(item) is int):
        return bool(item in container)
    if name == "dict":
        return any(equal(key, item) for key, _ in _pairs(container))
    if name in ("list", "tuple", "set"):
        return any(equal(member, item) for member in container)
    raise CannotCompare(f"'in' is not defined for {show(container)}")


def ordered(left: Any, right: Any) -> tuple[Any, Any]:
    """The two as values that `<` can be asked of. Raises CannotCompare, also for bool against number and NaN."""
    name = kind(left)
    if name != kind(right) or name in ("None", "dict"):
        raise CannotCompare(f"{show(left)} and {show(right)} have no order")
    for value in (left, right):
        if isinstance(value, float) and math.isnan(value):
            raise CannotCompare("nan has no order")
    if name != "set":
        return left, right
    return _hashed(left), _hashed(right)


def difference(left: Any, right: Any) -> Unordered:
    """The members of the set `left` that are not in `right`. Raises CannotCompare for large sets."""
    taken = _hashed(right)
    return Unordered([item for item in left if form(item) not in taken])


def _hashed(members: Any) -> frozenset[Hashable]:
    if len(members) > _MAX_HASHED:
        raise CannotCompare("sets too large to be ordered or taken from each other")
    return frozenset(map(form, members))


def show(value: Any) -> str:
    """The value as Python would write it, at most 200 characters."""
    text = _show(value, _MAX_SHOWN)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def _show(value: Any, room: int) -> str:
    if room <= 0:
        return "…"
    if isinstance(value, int) and value.bit_length() > 600:
        return f"<integer of {value.bit_length():,} bits>"
    if isinstance(value, str | bytes | bytearray):
        return repr(value[: room + 1])
    if value is None or isinstance(value, bool | int | float | complex):
        return repr(value)
    match kind(value):
        case "dict":
            pairs = _pairs(value)
            return _joined(
                (f"{_show(key, room)}: {_show(item, room)}" for key, item in pairs), "{", "}", room
            )
        case "set":
            return (
                _joined((_show(item, room - 1) for item in value), "{", "}", room) if len(value) else "set()"
            )
        case "tuple":
            end = ",)" if len(value) == 1 else ")"
            return _joined((_show(item, room - 1) for item in value), "(", end, room)
        case _:
            return _joined((_show(item, room - 1) for item in value), "[", "]", room)


def _joined(pieces: Iterable[str], opening: str, closing: str, room: int) -> str:
    shown: list[str] = []
    for piece in pieces:
        if room <= 0:
            shown.append("…")
            break
        shown.append(piece)
        room -= len(piece) + 2
    return opening + ", ".join(shown) + closing
