"""Reported usage is checked before it is believed; what cannot be believed is estimated and says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.llm.prices import Price
from tactful.llm.types import Usage
from tactful.text import estimate_tokens
from tactful.types import Message

_CHARACTERS_PER_TOKEN = 64
"""No tokenizer packs more ordinary text into one token."""
_PER_MESSAGE, _PER_REQUEST = 16, 256
"""Tokens that a chat template may add."""
_ABSURD = 2_000_000
"""No model answers with more tokens than this."""


def most_prompt_tokens(body: bytes, messages: int) -> int:
    """An upper bound of the prompt's tokens: one a byte of the request, and what a chat template adds."""
    return len(body) + _PER_MESSAGE * messages + _PER_REQUEST


def reported_tokens(
    usage: Any, *, most_prompt: int, most_completion: int | None, text: str
) -> tuple[int, int] | None:
    """Prompt and completion tokens as the endpoint reports them; None when missing or not credible.

    Not credible: not whole numbers, negative, more than was sent or allowed, or far too few for the text.
    """
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return None
    if not 0 < prompt <= most_prompt or not 0 <= completion <= (most_completion or _ABSURD):
        return None
    return (prompt, completion) if completion * _CHARACTERS_PER_TOKEN >= len(text) else None


def usage_of(
    tokens: tuple[int, int] | None, messages: Sequence[Message], text: str, price: Price | None
) -> Usage:
    """The usage of one answered call; estimated from the texts where `tokens` is None."""
    estimated = tokens is None
    if tokens is None:
        tokens = sum(estimate_tokens(message.content) for message in messages), estimate_tokens(text)
    prompt, completion = tokens
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.cost_usd(prompt, completion) if price else None,
        estimated=estimated,
    )
