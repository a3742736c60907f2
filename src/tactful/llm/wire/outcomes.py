"""What a response means and what to do next: every way an endpoint can answer, in one place.

| response | outcome | next |
|---|---|---|
| text, ended by itself | answered | use it |
| `finish_reason: length` | too long | a larger token limit, a bounded number of times |
| refusal, content filter | refused, filtered | once more, then the record fails |
| HTML, cut-off, empty, no choices, no text | unreadable | again a few times, then the record fails |
| 429 | deferred | everyone waits, then again until the deadline |
| 408, 409, 425, 5xx | out of reach | again with backoff |
| 400 and its kin | refused, or too long | the record fails |
| 401, 402, 403, 404, redirects, exhausted quota | refused | the run stops |

An error object inside a 200 is read as if its code had been the status.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

import orjson

from tactful.llm.replies.words import clip, strip_thoughts
from tactful.llm.types import Outcome


class Next(Enum):
    """What the caller does about a response that is no answer."""

    LONGER = auto()
    AGAIN = auto()
    PAUSE = auto()
    RETRY = auto()
    FAIL = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable response."""

    text: str
    finish_reason: str
    model: str
    usage: Any
    """As the endpoint reports it: not to be trusted yet."""
    thoughts: str = ""
    """Reasoning that the endpoint reports beside the text (`reasoning_content`, `reasoning`)."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A response that is no answer."""

    outcome: Outcome
    then: Next
    message: str
    text: str = ""
    usage: Any = None
    paid: bool = False
    """The endpoint did work that it may charge for."""
    wait_s: float | None = None
    """What `Retry-After` asks for."""
    status: int = 200


_STOP_STATUS = frozenset({401, 402, 403, 404, 405})
_RETRY_STATUS = frozenset({408, 409, 425})
_QUOTA = re.compile(
    r"insufficient_quota|exceeded your current quota|billing_hard_limit|insufficient.balance", re.I
)
_NO_MODEL = re.compile(r"model_not_found|model .{0,120}(does not exist|not found)", re.I)
_CONTEXT = re.compile(
    r"context_length|context length|context window|maximum context|too many tokens|too long", re.I
)
_FILTER = re.compile(r"content_filter|content_policy|content management policy", re.I)


def read_response(status: int, headers: Mapping[str, str], body: bytes) -> Answer | Trouble:
    """The answer in a response, or what is wrong with it."""
    if status != 200:
        return _read_error(status, headers, *_error_words(body))
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        what = "an empty body" if not body.strip() else f"a body that is not JSON ({error}): {clip(body)}"
        return Trouble(Outcome.UNREADABLE, Next.AGAIN, f"the endpoint sent {what}", paid=True)
    if not isinstance(data, dict):
        return Trouble(
            Outcome.UNREADABLE, Next.AGAIN, f"the endpoint sent {clip(body)}, expected an object", paid=True
        )
    if data.get("error"):
        code, words = _error_words(body)
        status = int(code) if code.isdigit() and 400 <= int(code) <= 599 else 200
        return _read_error(status, headers, code, words)
    return _read_choice(data)


def _read_choice(data: dict[str, Any]) -> Answer | Trouble:
    usage = data.get("usage")
    try:
        choice = data["choices"][0]
        message = choice["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        problem = f"an answer without a message: choices is {clip(repr(data.get('choices')))}"
        return Trouble(Outcome.UNREADABLE, Next.AGAIN, f"the endpoint sent {problem}", usage=usage, paid=True)
    finish = choice.get("finish_reason") or "unknown"
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content if isinstance(part, dict))
    text = content if isinstance(content, str) else ""
    if refusal or finish == "refusal":
        return _no_answer(
            Outcome.REFUSED, Next.AGAIN, f"the model refused: {clip(refusal or text)}", text, usage
        )
    if finish == "content_filter":
        return _no_answer(
            Outcome.FILTERED, Next.AGAIN, "the endpoint's content filter cut the answer", text, usage
        )
    if finish == "length":
        return _no_answer(Outcome.TOO_LONG, Next.LONGER, "the answer ran into the token limit", text, usage)
    if not strip_thoughts(text).strip():
        problem = f"an answer without text (finish_reason '{clip(finish)}')"
        return _no_answer(Outcome.UNREADABLE, Next.AGAIN, f"the endpoint sent {problem}", text, usage)
    beside = message.get("reasoning_content") or message.get("reasoning")
    thoughts = beside if isinstance(beside, str) else ""
    return Answer(text, str(finish), str(data.get("model") or ""), usage, thoughts)


def _no_answer(outcome: Outcome, then: Next, message: str, text: str, usage: Any) -> Trouble:
    return Trouble(outcome, then, message, text=text, usage=usage, paid=True)


def _read_error(status: int, headers: Mapping[str, str], code: str, words: str) -> Trouble:
    """What an error says, by status first and by its code and words where the status is not enough."""
    said = f"HTTP {status}" + (f": {words}" if words else "")
    hint = f"{code} {words}"
    if _QUOTA.search(hint):
        return Trouble(Outcome.REFUSED, Next.STOP, f"quota exhausted ({said})", status=402)
    if status == 429 or (status == 200 and "rate_limit" in hint):
        wait = retry_after_s(headers)
        return Trouble(Outcome.DEFERRED, Next.PAUSE, f"too many requests ({said})", wait_s=wait, status=429)
    if _NO_MODEL.search(hint):
        return Trouble(Outcome.REFUSED, Next.STOP, said, status=404)
    if status in _STOP_STATUS or 300 <= status < 400:
        return Trouble(Outcome.REFUSED, Next.STOP, said, status=status)
    if status >= 500 or status in _RETRY_STATUS:
        wait = retry_after_s(headers)
        return Trouble(Outcome.OUT_OF_REACH, Next.RETRY, said, wait_s=wait, status=status)
    if status < 300:
        return Trouble(Outcome.UNREADABLE, Next.AGAIN, f"an error inside a {said}", paid=True)
    outcome = Outcome.REFUSED
    if status == 413 or _CONTEXT.search(hint):
        outcome = Outcome.TOO_LONG
    elif _FILTER.search(hint):
        outcome = Outcome.FILTERED
    return Trouble(outcome, Next.FAIL, f"bad request ({said})", status=status)


def _error_words(body: bytes) -> tuple[str, str]:
    """Code and message of an error body, in any of the forms in use; clipped."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", clip(body)
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return "", clip(str(error))
    code = " ".join(str(error[name]) for name in ("code", "type", "status") if error.get(name) is not None)
    code = code.split(" ")[0] if code.split(" ")[0].isdigit() else code
    return code, clip(str(error.get("message") or error.get("detail") or code))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that `Retry-After` asks to wait: given in seconds or as a date; None when absent or unusable.

    A date is compared with the endpoint's own `Date`, so that a wrong clock here does no harm.
    """
    asked = headers.get("Retry-After")
    if not asked:
        return None
    try:
        seconds = float(asked)
        return seconds if 0 <= seconds < float("inf") else None
    except ValueError:
        pass
    try:
        until = email.utils.parsedate_to_datetime(asked)
        now = email.utils.parsedate_to_datetime(headers["Date"]) if "Date" in headers else datetime.now(UTC)
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
