"""Finds out, once per endpoint and model, which JSON mode works: at most two small requests, then remembered."""

from __future__ import annotations

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from tactful.llm.wire.modes import Mode
from tactful.prompts import load_prompt
from tactful.text.thoughts import strip_thoughts

PROBE_PROMPT = load_prompt(__file__, "probe", fields=set())
PROBE_TOKENS = 2048
"""Enough for a reasoning model to think before its few words."""
LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")


class ProbeReply(BaseModel):
    """What the probe asks for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    colour: str
    certain: bool


class Findings(BaseModel):
    """What is known about an endpoint and model; kept in the call cache. None = not found out yet."""

    mode: Mode | None = None
    limit_field: str = LIMIT_FIELDS[0]
    """The field of the token limit: newer OpenAI models want `max_completion_tokens`."""
    no_system: bool = False
    """The model takes no system message: it goes into the first user message."""


def holds(mode: Mode, text: str) -> bool:
    """True when the reply shows that the endpoint enforces the mode: bare JSON, no fence, no prose."""
    bare = strip_thoughts(text).strip()
    try:
        if mode is Mode.SCHEMA:
            ProbeReply.model_validate_json(bare)
            return True
        return isinstance(orjson.loads(bare), dict)
    except (ValidationError, orjson.JSONDecodeError):
        return False
