"""What the offline model says to the prompts of consistency: any request that says "function" is one, with two readings."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.llm import Script
from tactful.types import Message

_BODIES = ("return sorted(values)", "return sorted(values, reverse=True)")


def _plan(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    wants = "function" in facts["text"].lower()
    return {
        "wants_function": wants,
        "name": "arrange" if wants else "",
        "parameters": ["values"] if wants else [],
        "calls": ["[]", "[1]", "[3, 1, 2]"] if wants else [],
    }


def _solve(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> str:
    return f"```python\ndef {facts['name']}(values):\n    {rng.choice(_BODIES)}\n```"


SCRIPTS: dict[str, Script] = {"plan_code": _plan, "solve_code": _solve}
