"""What passes through the door: options, replies, usage, and the `ChatModel` protocol that every room codes against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, Field

from tactful.prompts import Prompt, Rendered
from tactful.types import Message, Provenance, Record

T = TypeVar("T", bound=BaseModel)


class Outcome(StrEnum):
    """How a call ended. Only ANSWERED carries a usable reply."""

    ANSWERED = "answered"
    REFUSED = "refused"
    FILTERED = "filtered"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"
    OUT_OF_REACH = "out_of_reach"
    DEFERRED = "deferred"


class Usage(Record):
    """Tokens and money of one or several calls. `cost_usd` is None when the model's price is unknown."""

    calls: int = Field(default=0, ge=0)
    """Requests that the endpoint answered and that were paid for."""
    cached: int = Field(default=0, ge=0)
    """Calls answered from the cache; they cost nothing."""
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    cached_prompt_tokens: int = Field(default=0, ge=0)
    """Of the prompt tokens: those that the endpoint reports as found in its own prompt cache."""
    cost_usd: float | None = 0.0
    estimated: bool = False
    """True when the endpoint reported no usage and the tokens are our estimate."""

    def __add__(self, other: Usage) -> Usage:
        """The sum; an unknown price stays unknown."""
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            calls=self.calls + other.calls,
            cached=self.cached + other.cached,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_prompt_tokens=self.cached_prompt_tokens + other.cached_prompt_tokens,
            cost_usd=None if unknown else (self.cost_usd or 0.0) + (other.cost_usd or 0.0),
            estimated=self.estimated or other.estimated,
        )


class Reply(Record):
    """The text of an answered call."""

    text: str
    finish_reason: str
    model: str
    """As the endpoint names it."""
    usage: Usage = Usage()
    """Of a cached reply: the tokens that the call once used, at no cost now."""
    cached: bool = False
    thoughts: str = ""
    """The think block that was stripped off `text`, with the tags that it had; or what the endpoint reports as
    reasoning beside the answer. Empty where there is none."""


class CallOptions(Record):
    """Sampling parameters of one call; part of the cache key. None leaves the endpoint's default."""

    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, gt=0)
    seed: int | None = None


class Rehearsal(Record):
    """What the offline model must know of a task's hidden side. Real clients never send it.

    `room` and `task` ("calibration", "assistant") name the script; `facts` is plain data of that script.
    """

    room: str
    task: str
    facts: Mapping[str, Any] = {}


class ChatModel(Protocol):
    """A chat model, real or offline. Safe for concurrent use inside one event loop."""

    name: str
    generator: Literal["endpoint", "offline"]

    async def complete(
        self,
        prompt: Rendered | Sequence[Message],
        *,
        options: CallOptions = ...,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Reply:
        """The model's answer as text, think blocks stripped.

        `sample` tells apart several draws of one prompt; it is part of the cache key.

        Raises: ProviderError (record fails: refused, filtered, too long, unreadable, out of reach),
        EndpointRefused and BudgetSpent (the run stops).
        """
        ...

    async def structured(
        self,
        prompt: Rendered | Sequence[Message],
        reply_type: type[T],
        *,
        options: CallOptions = ...,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> T:
        """A validated `reply_type`. Asked again with the validation error a bounded number of times.

        Raises: ParseError when no reply validates; else as `complete`.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; calls after this are an error."""
        ...


def messages_of(prompt: Rendered | Sequence[Message]) -> tuple[Message, ...]:
    """What is sent."""
    return prompt.messages if isinstance(prompt, Rendered) else tuple(prompt)


class ModelSpec(Record):
    """Everything needed to open a model in any process. Picklable; holds the name of the key variable, never a key."""

    name: str
    """Model name as the endpoint knows it, or `offline`."""
    base_url: str | None = None
    """Default: `OPENAI_BASE_URL`, else https://api.openai.com/v1."""
    api_key_env: str = "OPENAI_API_KEY"
    scripts: tuple[str, ...] = ()
    """Offline model: the rooms in whose `offline.py` its scripts stand, e.g. `calibration.play`."""
    seed: int = 0
    """Offline model: seed of its slips and wording."""
    options: CallOptions = CallOptions()
    timeout_s: float | None = Field(default=None, gt=0)
    """Total deadline of one call in seconds, pauses and retries included; queueing for a slot is not. One attempt
    may take half of it, so that a hung one leaves time for another. None: it follows what the endpoint shows it can
    do, from 2 minutes to an hour; 10 minutes while nothing is known; pauses after 429s come on top."""
    least_max_tokens: int | None = Field(default=None, gt=0)
    """Raises the token limit of every call to at least this, and is no part of the cache key: the same question,
    with more room to answer (`runs retry --max-tokens`)."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """Keeps an endpoint with a known limit from ever answering 429."""
    max_concurrency: int = Field(default=64, gt=0)
    """Most requests in flight to the endpoint; fewer while it is strained."""


def rehearsal_for(model: ChatModel, room: str, task: str, facts: Mapping[str, Any]) -> Rehearsal | None:
    """The script `task` of `room` and its `facts`, for the offline model alone."""
    return Rehearsal(room=room, task=task, facts=facts) if model.generator == "offline" else None


def spoken_by(model: ChatModel, *prompts: Prompt, run_id: str = "", seed: int | None = None) -> Provenance:
    """Where a record comes from that `model` made when asked by `prompts`."""
    return Provenance(
        model=model.name,
        generator=model.generator,
        prompt_hashes={prompt.prompt_id: prompt.hash for prompt in prompts},
        run_id=run_id,
        seed=seed,
    )
