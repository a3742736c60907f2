"""Replies that a stage turned down are no answers: where the cache holds nothing else, the question is asked anew.

The door does so by itself for replies that do not fit their type; a stage that checks more than that asks inside
`or_afresh`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TypeVar

from tactful.errors import ParseError
from tactful.llm.spending.meter import metered

T = TypeVar("T")

_afresh: ContextVar[bool] = ContextVar("tactful_afresh", default=False)


def asks_afresh() -> bool:
    """Whether calls made now pass over what the cache holds."""
    return _afresh.get()


async def or_afresh(ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` gives; where no reply was of use and all came from the cache, what it gives with new ones.

    Raises: ParseError, when those are of no use either, or some were new before; whatever else `ask` raises.
    """
    with metered() as meter:
        try:
            return await ask()
        except ParseError:
            if meter.usage.calls or not meter.usage.cached:
                raise
    before = _afresh.set(True)
    try:
        return await ask()
    finally:
        _afresh.reset(before)
