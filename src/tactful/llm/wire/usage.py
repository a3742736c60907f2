"""Reported usage is checked before it is believed; what cannot be believed is estimated and says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.llm.spending.prices import Price
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
    usage: Any, messages: Sequence[Message], *, most_prompt: int, most_completion: int | None, text: str
) -> tuple[int, int] | None:
    """Prompt and completion tokens as the endpoint reports them; None when missing or not credible.

    Not credible: not whole numbers, negative, more than was sent or allowed, or far too few for the texts.
    """
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return None
    if not 0 < prompt <= most_prompt or not 0 <= completion <= (most_completion or _ABSURD):
        return None
    sent = sum(len(message.content) for message in messages)
    if prompt * _CHARACTERS_PER_TOKEN < sent or completion * _CHARACTERS_PER_TOKEN < len(text):
        return None
    return prompt, completion


def found_in_prompt_cache(usage: Any, prompt: int) -> int:
    """Of the prompt's tokens those that the endpoint had read before, as it reports them; 0 where it says nothing."""
    if not isinstance(usage, dict):
        return 0
    details = usage.get("prompt_tokens_details")
    told = (
        details.get("cached_tokens") if isinstance(details, dict) else None,
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cache_read_input_tokens"),
        usage.get("cached_tokens"),
    )
    return next((min(number, prompt) for number in told if type(number) is int and number > 0), 0)


def usage_of(
    tokens: tuple[int, int] | None,
    messages: Sequence[Message],
    text: str,
    price: Price | None,
    reported: Any = None,
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
        cached_prompt_tokens=0 if estimated else found_in_prompt_cache(reported, prompt),
        cost_usd=price.cost_usd(prompt, completion) if price else None,
        estimated=estimated,
    )
