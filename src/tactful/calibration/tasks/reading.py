"""Clarity of states as a reader sees it: 1 − p(need) of what the user said last, with the turns before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tactful.types import Message, State

if TYPE_CHECKING:
    from tactful.reading import Request
    from tactful.reading.types import ReaderAtOnce


def request_of(state: State) -> Request:
    """What is read of a state: the last message of the user, and everything before it."""
    from tactful.reading import Request

    said = (Message(role="user", content=state.query), *state.history)
    last = max(at for at, message in enumerate(said) if message.role == "user")
    return Request(text=said[last].content, context=said[:last])


def read_clarity(
    states: Sequence[State], reader: ReaderAtOnce, *, where: Callable[[State], bool] = lambda state: True
) -> list[State]:
    """The states with clarity filled in where it is missing and `where` holds.

    What the reader does not know gets clarity 1, the cheapest safe assumption (nothing is asked), and the reason
    in `need_unknown`.
    """
    places = [at for at, state in enumerate(states) if state.query_clarity is None and where(state)]
    found = reader.needs_now([request_of(states[at]) for at in places])
    done = list(states)
    for at, need in zip(places, found, strict=True):
        clarity = 1.0 if need.need is None else round(1 - need.need, 4)
        gaps = tuple(gap.kind for gap in need.missing)
        done[at] = states[at].model_copy(
            update={"query_clarity": clarity, "need_unknown": need.unknown, "missing": gaps}
        )
    return done
