"""Token limits that were too small or too large: what was written before a cut, what room an error leaves."""

from __future__ import annotations

import re

from tactful.llm.wire.meaning import Trouble
from tactful.text import estimate_tokens

_MOST_CONTEXT = re.compile(r"(?:context length|context window|context size)\D{0,20}(\d{3,8})", re.IGNORECASE)
_PROMPT_LENGTH = re.compile(
    r"(\d{1,8}) (?:tokens )?(?:in the messages|in your prompt|input tokens|prompt tokens)|(?:messages resulted in|prompt contains"
    r"|request has|input length is|\() ?(?:at least )?(\d{1,8})(?: input| tokens)",
    re.IGNORECASE,
)
_LEAST_ROOM, _SPARE_ROOM = 64, 16


def tokens_written(trouble: Trouble) -> int:
    """Tokens that were written before the cut, by the endpoint's count or ours."""
    counted = trouble.usage.get("completion_tokens") if isinstance(trouble.usage, dict) else None
    return counted if type(counted) is int and 0 < counted < 10**6 else estimate_tokens(trouble.text)


def room_left(words: str) -> int | None:
    """Tokens that the context leaves for an answer, where an error names both lengths; None when it is next to none."""
    context, prompt = _MOST_CONTEXT.search(words), _PROMPT_LENGTH.search(words)
    if not context or not prompt:
        return None
    room = int(context[1]) - int(prompt[1] or prompt[2]) - _SPARE_ROOM
    return room if room >= _LEAST_ROOM else None
