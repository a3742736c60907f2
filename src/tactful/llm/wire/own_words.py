"""An error in the endpoint's own words: what it echoes of the prompt is cut out, so that no prompt speaks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tactful.types import Message

_LEAST = 20
"""Characters of the prompt in a row: fewer may be met by chance. pydantic cuts its echo down to pieces a little longer."""
_BLOCK = _LEAST // 2
"""Every stretch of `_LEAST` holds a whole block, wherever it begins."""
_READ = 4000
_DEEPEST = 8
_NAMES = frozenset({"code", "type", "status", "error_code", "errcode", "param"})
"""Keys whose values are the endpoint's own for sure."""


def own_words(error: Any, sent: Sequence[Message]) -> Any:
    """An error body without the stretches of the prompt in it, plain or escaped, each as `…`."""
    prompt = "\n".join(message.content for message in sent)
    if len(prompt) < _LEAST:
        return error
    forms = dict.fromkeys((prompt, json.dumps(prompt, ensure_ascii=False), json.dumps(prompt)))
    return _without(error, "\0".join(forms), _DEEPEST)


def _without(value: Any, prompt: str, depth: int) -> Any:
    if isinstance(value, str):
        return _cut(value[:_READ], prompt)
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return "…"
    if isinstance(value, list):
        return [_without(item, prompt, depth - 1) for item in value]
    return {
        name: item if name in _NAMES and isinstance(item, str) else _without(item, prompt, depth - 1)
        for name, item in value.items()
    }


def _cut(text: str, prompt: str) -> str:
    kept, done, at = [], 0, 0
    while at + _BLOCK <= len(text):
        begin, end = _echoed(text, at, done, prompt)
        if end - begin < _LEAST:
            at += _BLOCK
            continue
        kept += [text[done:begin], "…"]
        done = at = end
    return "".join([*kept, text[done:]])


def _echoed(text: str, at: int, after: int, prompt: str) -> tuple[int, int]:
    """The stretch around the block at `at` that stands in the prompt too, from `after` on; empty where there is none."""
    place = prompt.find(text[at : at + _BLOCK])
    if place < 0:
        return at, at
    begin, end = at, at + _BLOCK
    shift = place - at
    while begin > after and begin + shift > 0 and text[begin - 1] == prompt[begin - 1 + shift]:
        begin -= 1
    while end < len(text) and end + shift < len(prompt) and text[end] == prompt[end + shift]:
        end += 1
    return begin, end
