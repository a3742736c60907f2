"""One file on its way to items: what is wanted of it, what became of its rows, and how an item is put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel

from tactful.annotation.types import Answer, Item, Kind, Proposals, Shown
from tactful.data.io import Rows
from tactful.text import detect_lang
from tactful.types import Event, content_hash

R = TypeVar("R")
M = TypeVar("M", bound=BaseModel)
WINDOW = 30
_LOOKED_AT = 2000
"""Characters that tell the language."""
_PROBLEMS = 20


@dataclass(frozen=True)
class Wanted:
    """Which items are made of a file, and how."""

    kinds: frozenset[Kind] | None = None
    """None: what the file gives; of a chat log, follow-ups."""
    window: int = WINDOW
    """Events shown at most, the last ones."""
    silent: bool = False
    """Points of a trace without a candidate give items too."""
    gold: bool = False
    """Only items whose right answer is known, with it."""
    skip_bad: bool = False


@dataclass(eq=False)
class Tally:
    """What became of the rows."""

    read: int = 0
    bad: int = 0
    problems: list[str] = field(default_factory=list)
    """`file:line: what is wrong` of the first bad ones."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Why something gives no item → how often."""

    def refused(self, problems: Sequence[str], count: int) -> None:
        """Count bad rows."""
        self.bad += count
        self.problems += problems[: _PROBLEMS - len(self.problems)]


@dataclass(frozen=True)
class File:
    """What a reader is given."""

    path: Path
    source: str
    """As items name it: the file's or the run's name, the same on every machine."""
    wanted: Wanted
    tally: Tally

    def rows(self, rows: Rows[R]) -> Iterator[R]:
        """The rows, which are counted."""
        try:
            yield from rows
        finally:
            self.tally.read += rows.read
            self.tally.refused(rows.problems, rows.bad)

    def records(self, model: type[M], kind: str, key: Callable[[M], str] | None = None) -> Iterator[M]:
        """The rows of a file of such records, which are counted; `kind` and `key` as of `Rows`."""
        return self.rows(
            Rows(self.path, model.model_validate, skip_bad=self.wanted.skip_bad, kind=kind, key=key)
        )

    def leave_out(self, why: str) -> None:
        """Count what gives no item."""
        self.tally.left_out[why] += 1

    def item(
        self,
        shown: Shown,
        *told: Any,
        session: str,
        origin: Mapping[str, Any],
        text: str,
        lang: str = "",
        setting: str = "",
        gold: Answer | None = None,
    ) -> Item:
        """An item whose id follows from its kind and what is `told` of its row; the language is that of `text`, unless named."""
        identity = orjson.dumps([shown.kind, *told], option=orjson.OPT_SORT_KEYS)
        return Item(
            id=f"item-{content_hash(identity)[:16]}",
            session=session,
            setting=setting,
            lang=lang or detect_lang(text[-_LOOKED_AT:]),
            shown=shown,
            source=self.source,
            origin=origin,
            gold=gold if self.wanted.gold else None,
        )


def events_of(item: Item) -> tuple[Event, ...]:
    """All events that its moment had seen, oldest first: those shown and those before; none where it shows no events."""
    if not isinstance(item.shown, Proposals):
        return ()
    earlier = item.origin.get("earlier")
    before = [Event.model_validate(event) for event in earlier] if isinstance(earlier, list) else []
    return (*before, *item.shown.events)


def told_events(events: Iterable[Event]) -> list[tuple[str, str]]:
    """What of events makes an identity: the times as they were written, and the texts."""
    return [(event.time, event.text) for event in events]


def parted(events: Sequence[Event], window: int) -> tuple[list[Any], tuple[Event, ...]]:
    """(the events before the window, as an origin keeps them; those in it)."""
    return [event.model_dump(mode="json") for event in events[:-window]], tuple(events[-window:])
