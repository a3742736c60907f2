"""What the readers of call logs share: rows gathered by conversation, laid together, their scores beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.exchanges import SILENT, add_call, opened
from tactful.data.logs.drafting.messages import time_of
from tactful.data.logs.gathering import gathered
from tactful.data.logs.keys import first_filled
from tactful.data.logs.types import UNREADABLE, Notes, Numbered, Reader, Row, objects, tried, why


@dataclass(frozen=True)
class Call:
    """One call of a model, as a log has it."""

    sent: list[Any]
    back: list[Any]
    at: datetime | None = None
    ended: datetime | None = None
    id: str = ""
    model: str = ""
    ratings: tuple[Mapping[str, Any], ...] = ()
    out: Any = None
    """What came back as the log has it. Where no message is found in it, it is itself the answer, in JSON."""


NO_CALL = "a span that is no call of a model"
_HOLD_ANSWERS = ("output", "answer", "response", "result", "completion", "generation", "return_value")
_NO_DATA = frozenset(
    {"choices", "generations", "candidates", "messages", "message", "role", "lc", "content", "parts", "text", "body", "error"}
    | {"tool_calls", "toolCalls", "function_call", *_HOLD_ANSWERS}
)  # fmt: skip
"""Keys of messages, of what holds them, and of failures."""

Grouper = Callable[[Row, Notes], str]
"""The conversation that a row belongs to; empty: the row is no part of one (and was counted). May raise ValueError."""
Callsmith = Callable[[list[Row], Draft, Notes], Iterable[Call]]
"""The calls of a conversation's rows, oldest first; tells the draft what is known of the whole."""


def by_conversation(
    group: Grouper,
    calls: Callsmith,
    times: tuple[str, ...],
    unfolded: Callable[[Iterable[tuple[int, Row]]], Iterable[Numbered]] = iter,
) -> Reader:
    """A reader that gathers the rows of each conversation and lays their calls together; a row may be several, `unfolded`."""

    def read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
        def keyed() -> Iterator[tuple[int, str, float | None, Any]]:
            for number, row in objects(unfolded(objects(rows, notes)), notes):
                try:
                    key = group(row, notes)
                except UNREADABLE as error:
                    notes.bad(number, why(error))
                    continue
                if key:
                    yield number, key, seconds(row, times), row

        for first, key, held in gathered(keyed(), notes):
            yield from tried(notes, first, partial(_laid, key, held, calls, notes))

    return read


def _laid(name: str, rows: list[Row], calls: Callsmith, notes: Notes) -> Draft:
    draft = Draft(name, skipped=notes.skipped)
    for call in calls(rows, draft, notes):
        back = call.back or (_in_json(call.out) if call.sent else [])
        if not call.sent and not back:
            notes.skipped[SILENT] += 1
            continue
        add_call(
            draft,
            call.sent,
            back,
            at=call.at,
            ended=call.ended,
            model=call.model,
            id=call.id,
            ratings=list(call.ratings),
        )
    return draft


def calls_among(
    rows: list[Row], is_call: Callable[[Row], bool], is_outermost: Callable[[Row], bool], notes: Notes
) -> list[Row]:
    """The rows that are calls of a model or, where nobody recorded any, the outermost ones; the others are counted."""
    chosen = [row for row in rows if is_call(row)] or [row for row in rows if is_outermost(row)]
    if len(chosen) < len(rows):
        notes.skipped[NO_CALL] += len(rows) - len(chosen)
    return chosen


def _in_json(value: Any) -> list[Any]:
    """An answer that is an object or a list of data, where no message is found: what structured outputs are."""
    held = opened(value)
    if isinstance(held, Mapping) and (inside := first_filled(held, _HOLD_ANSWERS)):
        return _in_json(inside)
    if not isinstance(held, Mapping | list) or not _is_data(held):
        return []
    return [{"role": "assistant", "content": spelt(value)}]


def _is_data(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_data, value))
    if isinstance(value, Mapping):
        return bool(value) and not _NO_DATA & value.keys()
    return isinstance(value, int | float)


def seconds(row: Row, times: tuple[str, ...]) -> float | None:
    """When a row was, as seconds since 1970; None where it does not tell."""
    at = time_of(row, times)
    return at.timestamp() if at is not None else None
