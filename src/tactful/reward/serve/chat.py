"""`POST /v1/chat/completions`: the judge's prompt of ProactiveBench's scripts in, their judgement out.

The last user message is a JSON object with `Observations (Time Ascending)`, `Proposed Task` (null = silence, also spelt
"null") and `Instruction`. System text, instruction and sampling parameters change nothing: the judge has its own.
Source: the format of arXiv:2410.12361's published scripts; the code is ours.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from tactful.reward.serve.errors import ApiError, invalid
from tactful.reward.serve.moments import Names, moment_of
from tactful.reward.types import Acceptance
from tactful.text.lang import estimate_tokens
from tactful.types import Moment

OBSERVATIONS = "Observations (Time Ascending)"
PROPOSAL = "Proposed Task"
MOST_CHOICES = 16


class _Asked(BaseModel):
    """A part of a request; what is not named here is taken and ignored, as sampling parameters are."""

    model_config = ConfigDict(extra="ignore", strict=True)


class ContentPart(_Asked):
    """A piece of a message."""

    type: str
    text: str | None = None


class ChatMessage(_Asked):
    """One message."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class ResponseFormat(_Asked):
    """All three forms are met: the content is always JSON."""

    type: Literal["text", "json_object", "json_schema"]


class StreamOptions(_Asked):
    """What a stream tells beside its text."""

    include_usage: bool = False


class ChatRequest(_Asked):
    """What is read of a request."""

    model: str = Field(default="", max_length=200)
    """Any name: this server has one judge, and says in its answer which."""
    messages: list[ChatMessage] = Field(min_length=1, max_length=200)
    n: int | None = Field(default=None, ge=1, le=MOST_CHOICES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None
    tools: list[Any] | None = Field(default=None, max_length=0)
    functions: list[Any] | None = Field(default=None, max_length=0)

    def moment(self) -> Moment:
        """What the last user message asks about. Raises: ApiError 400 that names what is missing."""
        asked = [message for message in self.messages if message.role == "user"]
        if not asked:
            raise invalid("messages hold none of the user; the last one is what is judged", "messages")
        return _moment(_text(asked[-1]))

    def prompt_tokens(self) -> int:
        """Estimate of what was sent."""
        return sum(estimate_tokens(_text(message)) for message in self.messages)


def _text(message: ChatMessage) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    for part in message.content:
        if part.type != "text" or part.text is None:
            raise invalid(f"messages hold a part of type '{part.type[:40]}', expected text", "messages")
    return "".join(part.text or "" for part in message.content)


def _moment(text: str) -> Moment:
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(
            f"the last user message is no JSON ({error}); expected an object with '{OBSERVATIONS}' and '{PROPOSAL}'",
            "messages",
        ) from None
    if not isinstance(said, dict):
        raise invalid(
            f"the last user message is no JSON object with '{OBSERVATIONS}' and '{PROPOSAL}'", "messages"
        )
    missing = [key for key in (OBSERVATIONS, PROPOSAL) if key not in said]
    if missing:
        raise invalid(
            f"the last user message has no {' and no '.join(map(repr, missing))}; null is a proposal of silence",
            "messages",
        )
    return moment_of(said[OBSERVATIONS], said[PROPOSAL], Names(OBSERVATIONS, PROPOSAL, "messages"))


def thought(moment: Moment, acceptance: Acceptance) -> str:
    """Why, in the first person: from what moved the judgement, or in the judge's own words where it has some."""
    if not acceptance.influences:
        return acceptance.reason
    verdicts = {
        (True, True): "I would take this offer",
        (True, False): "I would turn this offer down",
        (False, True): "I need no help right now",
        (False, False): "I could use help right now",
    }
    said = verdicts[moment.proposal is not None, bool(acceptance.accepted)]
    why = "; ".join(one.words for one in acceptance.influences)
    return f"{said}: {why}."


def content(moment: Moment, acceptance: Acceptance) -> str:
    """The text of a completion.

    Raises: ApiError 502 for an unscored judgement: nothing is made up in its place.
    """
    if acceptance.accepted is None:
        raise ApiError(
            502, f"this moment is unscored: {acceptance.reason[:500]}", code="unscored", final=True
        )
    said = {
        "thought": thought(moment, acceptance),
        "judgement": "accepted" if acceptance.accepted else "rejected",
    }
    return orjson.dumps(said).decode()


def completion(request: ChatRequest, text: str, judge: str) -> dict[str, Any]:
    """The whole answer; `n` choices are equal, for one judgement was made. Usage is our estimate."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choices = [
        {"index": at, "message": message, "finish_reason": "stop", "logprobs": None}
        for at in range(request.n or 1)
    ]
    return {
        **_head("chat.completion", judge),
        "choices": choices,
        "usage": _usage(request, text),
    }


def chunks(request: ChatRequest, text: str, judge: str) -> Iterator[bytes]:
    """The answer as server-sent events: per choice its role, its text and its end; then usage, if asked; then [DONE]."""
    head = _head("chat.completion.chunk", judge)
    deltas: Sequence[tuple[dict[str, str], str | None]] = (
        ({"role": "assistant", "content": ""}, None),
        ({"content": text}, None),
        ({}, "stop"),
    )
    for at in range(request.n or 1):
        for delta, end in deltas:
            choice = {"index": at, "delta": delta, "finish_reason": end, "logprobs": None}
            yield _event({**head, "choices": [choice]})
    if request.stream_options is not None and request.stream_options.include_usage:
        yield _event({**head, "choices": [], "usage": _usage(request, text)})
    yield b"data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _head(kind: str, judge: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": judge,
    }


def _usage(request: ChatRequest, text: str) -> dict[str, int]:
    asked, told = request.prompt_tokens(), estimate_tokens(text) * (request.n or 1)
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
