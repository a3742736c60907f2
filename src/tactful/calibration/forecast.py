"""What a rollout will ask of its models, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from tactful.calibration.pipeline import PlainContext
from tactful.calibration.play.llm_user import UserReply
from tactful.calibration.play.rollout import RolloutStage
from tactful.calibration.types import Session
from tactful.llm import CallOptions, ModelSpec, Rehearsal, Reply
from tactful.llm.prices import price_of
from tactful.prompts import Rendered
from tactful.text import estimate_tokens
from tactful.types import Message, Record

T = TypeVar("T", bound=BaseModel)

SAMPLE = 200
"""Sessions that are played through; the figures are scaled up from them."""
ASK_TOKENS, SOLVE_TOKENS, USER_TOKENS = 60, 400, 120
"""Assumed length of a question, a solution and a user's structured reply, in tokens."""
_OPTIONS = CallOptions()


class RoleForecast(Record):
    """Calls and tokens of one role; all figures are estimates."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


class Forecast(Record):
    """What a rollout over these sessions will take."""

    sessions: int
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
        self._count(prompt, sample, ASK_TOKENS if kind == "ask" else SOLVE_TOKENS)
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
        self._count(prompt, sample, USER_TOKENS)
        said: dict[str, Any] = dict.fromkeys(UserReply.model_fields, False)
        return reply_type.model_validate(said | {"reply": "The usual.", "satisfaction": 0.0})

    async def aclose(self) -> None:
        """Nothing to close."""

    def _count(self, prompt: Rendered | Sequence[Message], sample: int, answer: int) -> None:
        messages = prompt.messages if isinstance(prompt, Rendered) else tuple(prompt)
        said = "\x1e".join(message.content for message in messages)
        if (said, sample) in self._seen:  # the call cache answers
            return
        self._seen.add((said, sample))
        self.calls += 1
        self.prompt_tokens += estimate_tokens(said)
        self.completion_tokens += answer


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
    stand_ins = {"assistant": _StandIn()} | ({"user": _StandIn()} if user else {})
    context = PlainContext(models=dict(stand_ins), seed=seed)
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
    specs = {"assistant": assistant} | ({"user": user} if user else {})
    roles = tuple(_role(role, specs[role], stand_in, scale) for role, stand_in in stand_ins.items())
    return Forecast(sessions=total, sampled=sampled, roles=roles)


def _role(role: str, spec: ModelSpec, counted: _StandIn, scale: float) -> RoleForecast:
    prompt, completion = round(counted.prompt_tokens * scale), round(counted.completion_tokens * scale)
    price = price_of(spec)
    free = spec.name == "offline"
    return RoleForecast(
        role=role,
        model=spec.name,
        calls=round(counted.calls * scale),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=0.0 if free else price.cost_usd(prompt, completion) if price else None,
    )
