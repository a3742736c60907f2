"""What the readers of call logs share: rows gathered by conversation, laid together, their scores beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.exchanges import SILENT, add_call, opened
from tactful.data.logs.gathering import gathered
from tactful.data.logs.types import UNREADABLE, Notes, Numbered, Row, why
from tactful.data.times import parse_time


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


def by_conversation(group: Grouper, calls: Callsmith, times: tuple[str, ...]) -> Callable[..., Any]:
    """A reader that gathers the rows of each conversation and lays their calls together."""

    def read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
        def keyed() -> Iterator[tuple[int, str, float | None, Any]]:
            for number, row in rows:
                try:
                    if not isinstance(row, Mapping):
                        raise ValueError(f"the row is no object but a {type(row).__name__}")
                    key = group(row, notes)
                except UNREADABLE as error:
                    notes.bad(number, why(error))
                    continue
                if key:
                    yield number, key, seconds(row, times), row

        for first, key, held in gathered(keyed(), notes):
            draft = Draft(key, skipped=notes.skipped)
            try:
                for call in calls(held, draft, notes):
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
            except UNREADABLE as error:
                notes.bad(first, why(error))
                continue
            yield first, draft

    return read


def _in_json(value: Any) -> list[Any]:
    """An answer that is an object or a list of data, where no message is found: what structured outputs are."""
    held = opened(value)
    if isinstance(held, Mapping) and (key := next((key for key in _HOLD_ANSWERS if held.get(key)), None)):
        return _in_json(held[key])
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
    at = next((at for key in times if (at := parse_time(row.get(key))) is not None), None)
    return at.timestamp() if at is not None else None
