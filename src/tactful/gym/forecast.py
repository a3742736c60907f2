"""What a run of the gym will ask of its models at the most, before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel

from tactful.gym.casting import ROLES
from tactful.gym.pipeline import GymStage
from tactful.gym.play.deciding import Always, Never, OwnJudgement
from tactful.gym.types import Play
from tactful.llm import ModelSpec, Rehearsal, Reply
from tactful.llm.spending.forecast import RoleForecast, StandIn
from tactful.llm.types import messages_of
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


class GymForecast(Record):
    """What a run will take at the most, but for replies drawn anew: nobody finishes before the last round, every offer is
    taken, and one event a round leaves the limit of events unmet for longest.
    """

    plays: int
    sampled: int
    roles: tuple[RoleForecast, ...]


class _StandIn(StandIn):
    """What plays on longest."""

    async def structured(self, prompt: Rendered | Sequence[Message], reply_type: type[T], **_: Any) -> T:
        """A reply with which the episode goes on."""
        reply = reply_type.model_validate({name: _SAID[name] for name in reply_type.model_fields})
        sent = sum(estimate_tokens(message.content) for message in messages_of(prompt))
        self.count(sent, estimate_tokens(reply.model_dump_json()))
        return reply

    async def complete(self, prompt: Any, *, rehearsal: Rehearsal | None = None, **_: Any) -> Reply:
        """Nobody asks for this here."""
        raise NotImplementedError("every part of an episode asks for a structured reply")


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
    roles = tuple(stand_ins[role].forecast(role, spec, scale) for role, spec in models.items())
    return GymForecast(plays=plays, sampled=sampled, roles=roles)
