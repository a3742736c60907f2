"""What a reader of logs is given and what it gives: numbered rows in, drafts out, everything else counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.shown import shown

Row = Mapping[str, Any]
Numbered = tuple[int, Any]
"""Place in the file (a line, or the element of an array; from 1), and the row."""


@dataclass
class Notes:
    """What became of the rows that are no turn."""

    bad: Callable[[int, str], None]
    """Called with the place and the problem of a row that cannot be read: counts it, or raises."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Reason → how many rows or messages hold no talk, and were passed over."""
    ratings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Id of a call, a trace or a conversation → its ratings, from files of ratings beside the log."""
    unnamed: Iterator[int] = field(default_factory=lambda: count(1))
    """Numbers for rows that name no conversation: each is one of its own."""


Reader = Callable[[Iterable[Numbered], Notes], Iterator[tuple[int, Draft]]]
"""Reads the rows of one file: the conversations, each with the place where it began."""


@dataclass(frozen=True)
class Format:
    """One kind of log."""

    name: str
    is_one: Callable[[Row], bool]
    """Whether a file with this row among its first is such a log."""
    read: Reader


UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What readers raise where a row is not what it looked like."""


def why(error: Exception) -> str:
    """What is told of one of them, or of what orjson cannot write."""
    told = str(error) or type(error).__name__
    return "nested too deeply" if isinstance(error, RecursionError) or "Recursion limit" in told else told


def objects(rows: Iterable[Numbered], notes: Notes, called: str = "row") -> Iterator[tuple[int, Row]]:
    """The rows that are objects; any other is noted, as a `row` or what it is called."""
    for number, row in rows:
        if isinstance(row, Mapping):
            yield number, row
        else:
            notes.bad(number, f"the {called} is no object but a {type(row).__name__}")


def tried(notes: Notes, number: int, make: Callable[[], Draft]) -> Iterator[tuple[int, Draft]]:
    """What `make` gives, or nothing where its rows cannot be read, and that counted."""
    try:
        draft = make()
    except UNREADABLE as error:
        notes.bad(number, why(error))
        return
    yield number, draft


def each(read: Callable[[Row, Notes], Draft]) -> Reader:
    """A reader for logs whose rows stand by themselves; `read` raises ValueError for a row that it cannot use."""

    def rows_of(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
        for number, row in rows:
            if isinstance(row, Mapping):
                yield from tried(notes, number, partial(read, row, notes))
            else:
                notes.bad(number, f"the row is {shown(row)}, expected an object")

    return rows_of
