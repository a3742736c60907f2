"""What the offline model says to the prompts of reading: the counts of words, with slips. A rehearsal, no reading."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tactful.llm import Script
from tactful.reading.prompted.asking import SAYS
from tactful.reading.surface import SurfaceReader
from tactful.reading.types import REACTIONS, Exchange, Request
from tactful.types import Message, Moment

_SLIP = 0.1
"""Standard deviation of what is stated round what the counts say."""


@cache
def _surface() -> SurfaceReader:
    return SurfaceReader.load()


def _read_need(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    request = Request.model_validate(facts)
    chance = _slipped(_surface().needs_now([request])[0].need, rng)
    asks = chance >= 0.5
    return {
        "missing": [{"what": "what it is about", "kind": "input", "critical": False}] if asks else [],
        "default_in_place": "",
        "default_would_do": not asks,
        "verdict": "ask" if asks else "answer",
        "chance_of_ask": round(100 * chance),
    }


def _read_reaction(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    found = _surface().reactions_now([Exchange.model_validate(facts)])[0].probabilities or {}
    [label] = rng.choices(REACTIONS, [found.get(label, 0.0) ** 2 + 1e-3 for label in REACTIONS])
    word = next(word for word, meant in SAYS.items() if meant == label)
    return {
        "why": "a rehearsal by counts of words",
        "says": word,
        "chance": round(100 * _slipped(found.get(label), rng)),
    }


def _read_offer(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    moment = Moment.model_validate(facts["moment"])
    chance = _slipped(_surface().offers_now([moment])[0].accept, rng)
    return {
        "why": "a rehearsal by counts of words",
        "verdict": "welcome" if chance >= 0.5 else "unwelcome",
        "chance_of_welcome": round(100 * chance),
    }


def _slipped(chance: float | None, rng: random.Random) -> float:
    return min(0.98, max(0.02, (0.5 if chance is None else chance) + rng.gauss(0, _SLIP)))


SCRIPTS: dict[str, Script] = {
    "read_need": _read_need,
    "read_reaction": _read_reaction,
    "read_offer": _read_offer,
}
