"""A request's body, read without taking it apart: what is added goes between its bytes, and all others stay as they came."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_scan = json.JSONDecoder().raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True)
class Body:
    """A JSON object with the places of its parts in the text that holds it."""

    text: str
    values: Mapping[str, Any]
    spans: Mapping[str, tuple[int, int]]
    """Key → where its value begins and ends."""
    items: Mapping[str, tuple[int, ...]]
    """Key of a list → where each of its items begins."""
    begins: int
    """Right behind the opening brace."""
    ends: int
    """Right behind the closing one."""

    def with_item(self, key: str, at: int, item: Mapping[str, str]) -> bytes:
        """The body with `item` in the list `key`, before the one at `at`; behind all where there is none at `at`."""
        places = self.items[key]
        if at < len(places):
            place, told = places[at], json.dumps(item) + ", "
        else:
            place, told = self.spans[key][1] - 1, (", " if places else "") + json.dumps(item)
        return self._with(place, place, told)

    def with_text_behind(self, key: str, told: str) -> bytes | None:
        """The body with `told` behind the text at `key`, a paragraph of its own; None where something else stands there."""
        if key not in self.values:
            more = ", " if self.values else ""
            return self._with(self.begins, self.begins, f"{json.dumps(key)}: {json.dumps(told)}{more}")
        start, end = self.spans[key]
        if self.values[key] is None:
            return self._with(start, end, json.dumps(told))
        if not isinstance(self.values[key], str):
            return None
        gap = "\n\n" if self.values[key] else ""
        return self._with(end - 1, end - 1, json.dumps(gap + told)[1:-1])

    def with_text_in_item(self, key: str, at: int, field: str, told: str) -> bytes | None:
        """The body with `told` behind the text of `field` in one item of a list; None where something else stands there."""
        item = read_object(self.text, self.items[key][at])
        return None if item is None or field not in item.values else item.with_text_behind(field, told)

    def _with(self, start: int, end: int, told: str) -> bytes:
        return (self.text[:start] + told + self.text[end:]).encode()


def read_body(body: bytes) -> Body | None:
    """The body, where it is one JSON object in UTF-8 whose keys are there once; None: leave it alone."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    found = read_object(text, _skip(text, 0))
    return found if found is not None and _skip(text, found.ends) == len(text) else None


def read_object(text: str, start: int) -> Body | None:
    """The object that begins at `start`; None where none does."""
    try:
        return _object(text, start)
    except (ValueError, RecursionError, IndexError):
        return None


def _object(text: str, start: int) -> Body | None:
    if text[start] != "{":
        return None
    values: dict[str, Any] = {}
    spans: dict[str, tuple[int, int]] = {}
    items: dict[str, tuple[int, ...]] = {}
    at = _skip(text, start + 1)
    while text[at] != "}":
        if text[at] != '"':
            return None
        key, end = _scan(text, at)
        at = _skip(text, end)
        if text[at] != ":" or key in values:
            return None
        at = _skip(text, at + 1)
        if text[at] == "[":
            values[key], places, end = _list(text, at)
            items[key] = tuple(places)
        else:
            values[key], end = _scan(text, at)
        spans[key] = (at, end)
        at = _next(text, end, "}")
    return Body(text, values, spans, items, start + 1, at + 1)


def _list(text: str, at: int) -> tuple[list[Any], list[int], int]:
    found: list[Any] = []
    places: list[int] = []
    at = _skip(text, at + 1)
    while text[at] != "]":
        places.append(at)
        value, end = _scan(text, at)
        found.append(value)
        at = _next(text, end, "]")
    return found, places, at + 1


def _next(text: str, at: int, last: str) -> int:
    """Where the next part begins, or the closing `last` stands."""
    at = _skip(text, at)
    if text[at] == last:
        return at
    if text[at] != ",":
        raise ValueError("a comma is missing")
    at = _skip(text, at + 1)
    if text[at] == last:
        raise ValueError("a comma before the end")
    return at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
