"""What a call gave, as one short text: 2 and 2.0, and a list and a tuple, count as the same.

Runs in the cage, beside each solution: `running.py` sends the text of this file. Only the standard library is there.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
from collections import deque
from collections.abc import Callable, ItemsView, KeysView, ValuesView
from decimal import Decimal
from itertools import islice
from types import MemberDescriptorType
from typing import Any

OPAQUE = "?"
"""Said of a value that cannot be compared, such as a function."""
NOTHING = "None; "
"""Of a call that returned None; what it printed and made of its arguments follows."""
_MAX_DEPTH = 100
_MAX_ITEMS = 1000
_MAX_TEXT = 90
_THEIRS = ("solution", "__main__")
"""Modules of the solution."""
_AS_LISTS = (list, tuple, range, deque, KeysView, ValuesView, ItemsView)


class _Opaque(Exception):
    """Two such values may be equal or not: nobody can say."""


def shown(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """What the call gave; OPAQUE where that cannot be told from other values."""
    arguments = copy.deepcopy(arguments)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = function(*arguments)
    try:
        if value is None:
            return NOTHING + _short(_Shower().text([arguments, printed.getvalue()]))
        return _short(_Shower().text(value))
    except _Opaque:
        return OPAQUE


def _short(text: str) -> str:
    if len(text) < _MAX_TEXT:
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


class _Shower:
    def __init__(self) -> None:
        self.above: list[Any] = []
        """Objects of the solution's own classes that hold the one being shown."""
        self.told: dict[int, tuple[Any, str]] = {}
        """Those shown before, by identity."""

    def text(self, value: Any, depth: int = 0) -> str:
        if depth > _MAX_DEPTH:
            raise _Opaque
        if value is None or isinstance(value, bool | str | bytes | bytearray):
            return repr(bytes(value) if isinstance(value, bytearray) else value)
        if isinstance(value, int):
            return hex(value)
        if isinstance(value, float):
            whole = value.is_integer() and abs(value) < 1e15
            return hex(int(value)) if whole else format(value, ".9g")
        if isinstance(value, complex):
            return f"complex {self.text(value.real)} {self.text(value.imag)}"
        if isinstance(value, Decimal):
            return f"Decimal {value.normalize()}"
        if isinstance(value, set | frozenset):
            return "set " + ", ".join(sorted(self.text(item, depth + 1) for item in value))
        if isinstance(value, dict):
            pairs = [
                f"{self.text(key, depth + 1)}: {self.text(item, depth + 1)}" for key, item in value.items()
            ]
            return "map " + ", ".join(sorted(pairs))
        if isinstance(value, _AS_LISTS) or hasattr(value, "__next__"):
            items = islice(value, _MAX_ITEMS) if not isinstance(value, list | tuple) else value
            return "[" + ", ".join([self.text(item, depth + 1) for item in items]) + "]"
        return self.object(value, depth)

    def object(self, value: Any, depth: int) -> str:
        """An object of a class of the solution's by its fields, another as its class writes it."""
        kind = type(value)
        if kind.__module__ not in _THEIRS:
            written = repr(value)
            if " at 0x" in written:
                raise _Opaque
            return f"{kind.__name__} {_short(written)}"
        for up, other in enumerate(reversed(self.above)):
            if other is value:
                return f"the object {up + 1} above"
        if id(value) not in self.told:
            self.above.append(value)
            fields = [
                f"{name}: {self.text(item, depth + 1)}" for name, item in sorted(_fields(value).items())
            ]
            self.above.pop()
            self.told[id(value)] = value, f"{kind.__name__} {_short(', '.join(fields))}"
        return self.told[id(value)][1]


def _fields(value: Any) -> dict[str, Any]:
    """What the object holds: attributes, slots, and what a base class of others' holds, as that writes it."""
    kinds: tuple[Any, ...] = type(value).__mro__
    named = {
        name: member for kind in kinds if kind.__module__ in _THEIRS for name, member in vars(kind).items()
    }
    slots = [name for name, member in named.items() if isinstance(member, MemberDescriptorType)]
    fields = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    base = next(kind for kind in kinds if kind.__module__ not in _THEIRS)
    written = base.__repr__(value)
    if " at 0x" not in written:
        fields["the base"] = written
    return fields | getattr(value, "__dict__", {})
