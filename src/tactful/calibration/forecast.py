"""What a rollout will ask of its models, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel

from tactful.calibration.play.llm_user import UserReply
from tactful.calibration.play.rollout import RolloutStage
from tactful.calibration.types import Session
from tactful.llm import CallOptions, ModelSpec, Rehearsal, Reply
from tactful.llm.spending.forecast import RoleForecast, StandIn
from tactful.llm.types import messages_of
from tactful.prompts import Rendered
from tactful.runs import Context
from tactful.text import estimate_tokens
from tactful.types import Message, Record

T = TypeVar("T", bound=BaseModel)

SAMPLE = 200
"""Sessions that are played through; the figures are scaled up from them."""
ASK_TOKENS, SOLVE_TOKENS, USER_TOKENS = 60, 400, 120
"""Assumed length of a question, a solution and a user's structured reply, in tokens."""
_OPTIONS = CallOptions()


class Forecast(Record):
    """What a rollout over these sessions will take."""

    sessions: int
    sampled: int
    roles: tuple[RoleForecast, ...]


@dataclass
class _StandIn(StandIn):
    """Says something of the usual length."""

    _seen: set[tuple[str, int]] = field(default_factory=set)

    async def complete(
        self,
        prompt: Rendered | Sequence[Message],
        *,
        options: CallOptions = _OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Reply:
        """A question where one is due, else a solution that every reader recognises."""
        assert rehearsal is not None, "an offline model gets a rehearsal"
        kind = rehearsal.facts["kind"]
        self._sent(prompt, sample, ASK_TOKENS if kind == "ask" else SOLVE_TOKENS)
        asked = f"Which of the {self.calls} do you mean?\n"
        solved = (
            "```python\nx = 0\n```" if rehearsal.facts["solution"] == "code" else "- One.\n- Two.\n- Three."
        )
        text = {"ask": asked, "solve": solved, "both": asked + solved}[kind]
        return Reply(text=text, finish_reason="stop", model=self.name)

    async def structured(
        self,
        prompt: Rendered | Sequence[Message],
        reply_type: type[T],
        *,
        options: CallOptions = _OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> T:
        """A user who answers, so that conversations go on."""
        self._sent(prompt, sample, USER_TOKENS)
        said: dict[str, Any] = dict.fromkeys(UserReply.model_fields, False)
        return reply_type.model_validate(said | {"reply": "The usual.", "satisfaction": 0.0})

    def _sent(self, prompt: Rendered | Sequence[Message], sample: int, answer: int) -> None:
        said = "\x1e".join(message.content for message in messages_of(prompt))
        if (said, sample) in self._seen:  # the call cache answers
            return
        self._seen.add((said, sample))
        self.count(estimate_tokens(said), answer)


async def forecast(
    sessions: Iterable[Session],
    stage: RolloutStage,
    *,
    assistant: ModelSpec,
    user: ModelSpec | None,
    seed: int,
    total: int | None = None,
) -> Forecast:
    """Calls, tokens and cost of the whole rollout, from playing its first sessions with a stand-in model.

    `total` is the number of sessions; without it, they are counted one by one.
    """
    specs = {"assistant": assistant} | ({"user": user} if user else {})
    stand_ins = {role: _StandIn() for role in specs}
    context = Context("", seed, "", stand_ins)
    rest = iter(sessions)
    sampled = 0
    for session in islice(rest, SAMPLE):
        await stage(session, context)
        sampled += 1
    if sampled < SAMPLE:
        total = sampled
    elif total is None:
        total = sampled + sum(1 for _ in rest)
    scale = total / sampled if sampled else 0.0
    roles = tuple(stand_in.forecast(role, specs[role], scale) for role, stand_in in stand_ins.items())
    return Forecast(sessions=total, sampled=sampled, roles=roles)
