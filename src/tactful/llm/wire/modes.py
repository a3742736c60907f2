"""How an endpoint is held to JSON: by schema, by JSON-object mode, or by words alone; and how a request is written."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import orjson
from pydantic import BaseModel

from tactful.errors import DataError
from tactful.llm.replies.structured import response_format, schema_text
from tactful.llm.types import CallOptions
from tactful.prompts import load_prompt
from tactful.types import Message, plain

FORMAT_PROMPT = load_prompt(__file__, "reply_format", fields={"schema"})


class Mode(StrEnum):
    """From the tightest to the loosest."""

    SCHEMA = "schema"
    OBJECT = "object"
    PLAIN = "plain"

    def looser(self) -> Mode:
        """The next mode to try."""
        return Mode.OBJECT if self is Mode.SCHEMA else Mode.PLAIN


def write_request(
    model: str,
    messages: Sequence[Message],
    options: CallOptions,
    *,
    limit: int | None,
    limit_field: str,
    reply_type: type[BaseModel] | None = None,
    mode: Mode = Mode.PLAIN,
    asked: int | None = None,
    no_system: bool = False,
) -> bytes:
    """The bytes of a chat completion request.

    `asked` is the number of messages of the prompt proper; the schema goes into its last user message where the
    mode needs it in words, so that what follows (a bad reply, the request to correct it) comes after.
    `no_system`: what the system message says goes into the first user message.
    """
    said = plain(messages)
    body: dict[str, Any] = {"model": model, "messages": said}
    for name in ("temperature", "top_p", "seed"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    if limit is not None:
        body[limit_field] = limit
    if reply_type is not None:
        if mode is Mode.SCHEMA:
            body["response_format"] = response_format(reply_type)
        else:
            _say_format(said, len(said) if asked is None else asked, schema_text(reply_type))
        if mode is Mode.OBJECT:
            body["response_format"] = {"type": "json_object"}
    if no_system:
        body["messages"] = _without_system(said)
    return encode(body)


def _without_system(said: list[dict[str, str]]) -> list[dict[str, str]]:
    orders = "\n\n".join(item["content"] for item in said if item["role"] == "system")
    rest = [item for item in said if item["role"] != "system"]
    if not orders:
        return rest
    if rest and rest[0]["role"] == "user":
        return [{"role": "user", "content": f"{orders}\n\n{rest[0]['content']}"}, *rest[1:]]
    return [{"role": "user", "content": orders}, *rest]


def format_in_words(schema: str) -> str:
    """What is said of the reply's form where nothing else holds an endpoint to it; `schema` is a `schema_text`."""
    return FORMAT_PROMPT.render(schema=schema).messages[0].content


def _say_format(said: list[dict[str, str]], asked: int, schema: str) -> None:
    wanted = format_in_words(schema)
    for message in reversed(said[:asked]):
        if message["role"] == "user":
            message["content"] += f"\n\n{wanted}"
            return
    said.insert(asked, {"role": "user", "content": wanted})


def encode(value: Any) -> bytes:
    """JSON bytes. Raises DataError for text that is not Unicode (a lone surrogate), which cannot be sent."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise DataError(
            f"a prompt cannot be sent: {error}; look for broken characters in the input"
        ) from error
