"""What a response means and what to do next: every way an endpoint can answer, in one place.

| response | outcome | next |
|---|---|---|
| text, ended by itself | answered | use it |
| text, ended for a reason that we do not know | answered | use it, and count a warning |
| cut at a limit (`length`, `MAX_TOKENS`, …) | too long | a larger token limit, a bounded number of times |
| refusal, content filter (`content_filter`, `SAFETY`, …) | refused, filtered | once more, then the record fails |
| given up (`abort`, `error`, an error on the choice) | out of reach | again with backoff |
| cut-off, empty, no choices, no text | unreadable | again a few times, then the record fails |
| HTML, or JSON of another kind | unreadable | the run stops at first contact; later as above |
| text in `reasoning_content` alone | unreadable | the record fails |
| an error (`refusals`) | by its status, code and words | |

An error object inside a 200 is read as if its code had been the status. What an error echoes of the prompt says
nothing: it is cut out before the error is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from tactful.llm.replies.words import clip
from tactful.llm.types import Outcome
from tactful.llm.wire.endings import Ending, read_ending
from tactful.llm.wire.meaning import Answer, Next, Trouble
from tactful.llm.wire.own_words import own_words
from tactful.llm.wire.refusals import WRONG_ADDRESS, error_in, read_error
from tactful.text.thoughts import split_content
from tactful.types import Message

_PARSER = (
    "the whole answer came as reasoning and its content is empty: the server's reasoning parser took it for thoughts; "
    "start the server without one (vLLM and SGLang: no --reasoning-parser; llama.cpp: --reasoning-format none), or turn "
    "thinking off"
)
_CODE_OF_BAD_JSON = "json_validate_failed"

DataReader = Callable[[dict[str, Any], Mapping[str, str]], Answer | Trouble]
"""(object of a good response, headers) → what it means."""


def read_response(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    sent: Sequence[Message] = (),
    read_data: DataReader | None = None,
) -> Answer | Trouble:
    """The answer in a response, or what is wrong with it.

    `sent`: the messages that it answers. `read_data` reads the object of a good one: a chat completion.
    """
    try:
        data = read_json(body)
    except ValueError as error:
        if not 200 <= status < 300:
            return read_error(status, headers, own_words(clip(body, 2000), sent))
        return _not_json(body, error)
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    if isinstance(data, dict) and (refusal := error_in(data, status)) is not None:
        if _CODE_OF_BAD_JSON in str(refusal.get("code")):
            return _bad_json(refusal)
        trouble = read_error(status, headers, own_words(refusal, sent))
        if trouble.then is Next.AGAIN and not data.get("error"):
            return replace(trouble, fix=WRONG_ADDRESS, at_first_contact=True)
        return trouble
    if not 200 <= status < 300:
        return read_error(status, headers, own_words(data, sent))
    if not isinstance(data, dict):
        return _unreadable(f"{clip(body)}, expected an object")
    return read_data(data, headers) if read_data else _read_choice(data, headers, sent)


def read_json(body: bytes) -> Any:
    """What common clients make of a body: also with a byte order mark, NaN and Infinity, or in UTF-16.

    Raises: ValueError.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if not body.strip():
            raise
        strict = error
    try:
        return json.loads(body.decode(json.detect_encoding(body), errors="replace"))
    except (ValueError, RecursionError):
        raise strict from None


def _read_choice(
    data: dict[str, Any], headers: Mapping[str, str], sent: Sequence[Message]
) -> Answer | Trouble:
    usage = data.get("usage")
    try:
        choice = data["choices"][0]
        message = choice.get("message") or choice.get("delta") or {"content": choice["text"]}
        content, refusal = message.get("content"), message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        said = f"an answer without a message: choices is {clip(repr(data.get('choices')))}"
        if "choices" not in data:
            return _unreadable(f"{clip(orjson.dumps(data))}, which is no chat completion", address=True)
        return _unreadable(said, usage=usage)
    thoughts, spoken = split_content(content)
    text, thoughts = _whole_characters(spoken or ""), _whole_characters(thoughts)
    beside = message.get("reasoning_content") or message.get("reasoning")
    beside = _whole_characters(split_content(beside)[1] or "") if beside else ""
    if error := choice.get("error"):
        return _given_up(own_words(error, sent), headers, text, usage)
    finish = choice.get("finish_reason") or choice.get("stop_reason")
    ending = read_ending(finish if isinstance(finish, str) else None)
    if refusal or ending is Ending.REFUSED:
        said = f"the model refused: {clip(refusal or text)}"
        return Trouble(Outcome.REFUSED, Next.AGAIN, said, text=text, usage=usage, paid=True)
    if ending is Ending.FILTERED:
        said = f"the endpoint's content filter cut the answer (finish_reason '{clip(str(finish))}')"
        return Trouble(Outcome.FILTERED, Next.AGAIN, said, text=text, usage=usage, paid=True)
    if ending is Ending.CUT:
        said = f"the answer ran into a token limit (finish_reason '{clip(str(finish))}')"
        return Trouble(Outcome.TOO_LONG, Next.LONGER, said, text=text, usage=usage, paid=True)
    if ending is Ending.BROKEN:
        said = f"the endpoint gave up before the end (finish_reason '{clip(str(finish))}')"
        return Trouble(Outcome.OUT_OF_REACH, Next.RETRY, said, text=text, usage=usage, paid=True)
    if not text.strip():
        if beside and not thoughts:
            return Trouble(Outcome.UNREADABLE, Next.FAIL, _PARSER, usage=usage, paid=True)
        return _unreadable(f"an answer without text (finish_reason '{clip(str(finish))}')", usage=usage)
    model = _whole_characters(str(data.get("model") or ""))
    reason = _whole_characters(str(finish or "unknown"))
    return Answer(text, reason, model, usage, thoughts or beside, ended=ending is Ending.WHOLE)


def _given_up(error: Any, headers: Mapping[str, str], text: str, usage: Any) -> Trouble:
    """An error on the choice: whatever text there is, is no answer."""
    error = error if isinstance(error, dict) else {"message": str(error)}
    code = str(error.get("code") or "")
    if code.isdigit() and 400 <= int(code) < 500:
        return read_error(int(code), headers, error)
    said = f"the endpoint gave up before the end ({clip(str(error.get('message') or error))})"
    return Trouble(Outcome.OUT_OF_REACH, Next.RETRY, said, text=text, usage=usage, paid=True)


def _bad_json(error: dict[str, Any]) -> Answer | Trouble:
    """Groq's JSON mode turned down what its own model wrote: a reply like any other, perhaps a bad one."""
    words = str(error.get("message") or "")
    said = _whole_characters(str(error.get("failed_generation") or ""))
    if "max completion tokens" in words.lower():
        return Trouble(Outcome.TOO_LONG, Next.LONGER, clip(words), text=said, paid=True)
    if said.strip():
        return Answer(said, "stop", "", None)
    return _unreadable(f"no valid JSON ({clip(words)})")


def _not_json(body: bytes, error: ValueError) -> Trouble:
    if not body.strip():
        return _unreadable("an empty body")
    what = f"a body that is not JSON ({error}): {clip(body)}"
    return _unreadable(what, address=body.lstrip()[:1] not in (b"{", b"["))


def _unreadable(what: str, *, usage: Any = None, address: bool = False) -> Trouble:
    return Trouble(
        Outcome.UNREADABLE,
        Next.AGAIN,
        f"the endpoint sent {what}",
        usage=usage,
        paid=True,
        fix=WRONG_ADDRESS if address else "",
        at_first_contact=address,
    )


def _whole_characters(text: str) -> str:
    """The text with half a character read as U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
