"""Inputs that are too long for a model's context: asked again with less of the text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tactful.errors import ProviderError

T = TypeVar("T")

_TRIES = 4
LEAST_CHARS = 500


async def within_context(ask: Callable[[int], Awaitable[T]], max_chars: int) -> T:
    """What `ask(max_chars)` gives; where the endpoint says that its context is too short, with half as many characters.

    Raises: ProviderError when it still is, or says anything else.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            return await ask(max_chars)
        except ProviderError as error:
            if not error.input_too_long or not tries_left or max_chars <= LEAST_CHARS:
                raise
        max_chars = max(LEAST_CHARS, max_chars // 2)
    raise AssertionError("unreachable")
