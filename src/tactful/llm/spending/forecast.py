"""What a run will ask of its models, counted by stand-ins that it is played through with; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.llm.spending.prices import price_of
from tactful.llm.types import ModelSpec
from tactful.types import Record


class RoleForecast(Record):
    """Calls and tokens of one role; all figures are estimates."""

    role: str
    model: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


@dataclass
class StandIn:
    """Base of models that send nothing: a subclass says something of the usual length, and counts what it was sent."""

    name: str = "stand-in"
    generator: Literal["endpoint", "offline"] = "offline"
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    async def aclose(self) -> None:
        """Nothing to close."""

    def count(self, prompt_tokens: int, completion_tokens: int) -> None:
        """One call more, of so many tokens."""
        self.calls += 1
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens

    def forecast(self, role: str, spec: ModelSpec, scale: float) -> RoleForecast:
        """What `spec` in this role will take for `scale` times as much as was counted."""
        prompt, completion = round(self.prompt_tokens * scale), round(self.completion_tokens * scale)
        price = price_of(spec)
        free = spec.name == "offline"
        return RoleForecast(
            role=role,
            model=spec.name,
            calls=round(self.calls * scale),
            prompt_tokens=prompt,
            completion_tokens=completion,
            cost_usd=0.0 if free else price.cost_usd(prompt, completion) if price else None,
        )
