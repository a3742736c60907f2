"""What a run of the gym will ask of its models at the most, before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from tactful.gym.casting import ROLES
from tactful.gym.pipeline import GymStage
from tactful.gym.play.deciding import Always, Never, OwnJudgement
from tactful.gym.types import Play
from tactful.llm import ModelSpec, Rehearsal, Reply
from tactful.llm.prices import price_of
from tactful.prompts import Rendered
from tactful.runs import Context, Job
from tactful.text import estimate_tokens
from tactful.types import Message, Record

T = TypeVar("T", bound=BaseModel)

SAMPLE = 3
"""Plays that are played through; the figures are scaled up from them."""
_SENTENCE = "The user writes some words of the report and looks at what has come of it."
_PARAGRAPH = " ".join([_SENTENCE] * 8)
_SAID: Mapping[str, Any] = {
    "background": _PARAGRAPH,
    "answer": _SENTENCE,
    "events": [{"after_s": 20 * at, "event": _SENTENCE} for at in range(3)],
    "changes": [],
    "timing": "flow",
    "help_wanted": True,
    "identity": _PARAGRAPH,
    "question": _SENTENCE,
    "thought": _SENTENCE,
    "kind": "act",
    "act": _SENTENCE,
    "reason": _SENTENCE,
    "verdict": "accepted",
    "leaves": False,
    "proposal": _SENTENCE,
    "operations": [_SENTENCE] * 3,
}
"""Field of a reply → what the stand-in says: nobody finishes, and every offer is accepted and carried out."""


class RoleForecast(Record):
    """Calls and tokens of one part; all figures are estimates."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


class GymForecast(Record):
    """What a run will take at the most, but for replies drawn anew: nobody finishes before the last round, every offer is
    taken, and one event a round leaves the limit of events unmet for longest.
    """

    plays: int
    sampled: int
    roles: tuple[RoleForecast, ...]


@dataclass
class _StandIn:
    """Says something of the usual length and counts what it was sent. Sends nothing."""

    name: str = "stand-in"
    generator: Literal["endpoint", "offline"] = "offline"
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    async def structured(self, prompt: Rendered | Sequence[Message], reply_type: type[T], **_: Any) -> T:
        """What goes on longest."""
        messages = prompt.messages if isinstance(prompt, Rendered) else prompt
        reply = reply_type.model_validate({name: _SAID[name] for name in reply_type.model_fields})
        self.calls += 1
        self.prompt_tokens += sum(estimate_tokens(message.content) for message in messages)
        self.completion_tokens += estimate_tokens(reply.model_dump_json())
        return reply

    async def complete(self, prompt: Any, *, rehearsal: Rehearsal | None = None, **_: Any) -> Reply:
        """Nobody asks for this here."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Nothing to close."""


async def forecast(
    job: Job, models: Mapping[str, ModelSpec], *, seed: int, limit: int | None = None
) -> GymForecast:
    """Calls, tokens and cost of the job's first `limit` plays, from playing some of them to the last round with stand-ins.

    Stand-ins also play what rules will: rules finish, leave and refuse.
    """
    stage = job.stage
    assert isinstance(stage, GymStage)
    casting, limits = stage.casting, stage.limits
    if not isinstance(casting.decider, Never | OwnJudgement):
        casting = replace(casting, decider=Always())
    rounds = min(limits.rounds, limits.events)
    stage = replace(stage, casting=casting, limits=replace(limits, rounds=rounds, events=sys.maxsize))
    stand_ins = {role: _StandIn() for role in ROLES}
    plays = 0
    for play in islice(job.source, limit):
        assert isinstance(play, Play)
        if models and plays < SAMPLE:
            await stage(play, Context(play.id, seed, "", dict(stand_ins)))
        plays += 1
    sampled = min(SAMPLE, plays) if models else 0
    scale = plays / sampled if sampled else 0.0
    roles = tuple(_role(role, models[role], stand_ins[role], scale) for role in models)
    return GymForecast(plays=plays, sampled=sampled, roles=roles)


def _role(role: str, spec: ModelSpec, counted: _StandIn, scale: float) -> RoleForecast:
    prompt, completion = round(counted.prompt_tokens * scale), round(counted.completion_tokens * scale)
    price = price_of(spec)
    return RoleForecast(
        role=role,
        model=spec.name,
        calls=round(counted.calls * scale),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=price.cost_usd(prompt, completion) if price else None,
    )
