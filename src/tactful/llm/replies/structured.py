"""From a reply's text to a validated record: think blocks, fences, repair, and what to say when it does not fit."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import json_repair
import orjson
from pydantic import BaseModel, ValidationError

from tactful.llm.replies.words import clip, strip_thoughts

T = TypeVar("T", bound=BaseModel)

_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_MOST_ERRORS = 5


class Unusable(Exception):
    """The reply does not fit; the text says why, in words that the model can act on."""


class Parsed(NamedTuple, Generic[T]):
    """A validated reply, and whether its JSON had to be repaired."""

    value: T
    repaired: bool


def parse_reply(text: str, reply_type: type[T], *, complete: bool) -> Parsed[T]:
    """The record in a reply. `complete` says that the reply ended by itself; only then is broken JSON repaired.

    Raises: Unusable, with the reason for asking again.
    """
    candidate = _json_part(strip_thoughts(text))
    try:
        return Parsed(_validate(candidate, reply_type), repaired=False)
    except _NotJson as error:
        if not complete:
            raise Unusable(f"it is not JSON ({error})") from None
        return Parsed(_validate(_repair(candidate, error), reply_type), repaired=True)


class _NotJson(Exception):
    """The text is no JSON at all, as opposed to JSON of another shape."""


def _validate(candidate: str, reply_type: type[T]) -> T:
    if "NaN" in candidate or "Infinity" in candidate:
        _refuse_non_numbers(candidate)
    try:
        value = reply_type.model_validate_json(candidate)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=True)
        if problems[0]["type"] == "json_invalid":
            raise _NotJson(clip(problems[0]["msg"])) from None
        if problems[0]["type"] == "string_unicode":
            raise Unusable("it holds a lone surrogate, which is not text") from None
        raise Unusable(_describe(problems, reply_type)) from None
    if _may_hold_floats(reply_type) and not _finite(value.model_dump()):
        raise Unusable("it holds NaN or Infinity where a number belongs")
    return value


def _refuse_non_numbers(candidate: str) -> None:
    """NaN and Infinity are no JSON, though pydantic would read them."""

    def refuse(name: str) -> None:
        raise Unusable(f"it holds {name}, which is not a JSON number")

    try:
        json.loads(candidate, parse_constant=refuse)
    except (ValueError, RecursionError):
        return  # broken in another way, which validation reports


def _repair(candidate: str, error: _NotJson) -> str:
    """Slightly broken JSON made whole. A text without its closing bracket was cut off, and is not repaired."""
    if not candidate.rstrip().endswith(("}", "]")):
        raise Unusable(f"it is not JSON, or it was cut off ({error})")
    try:
        repaired = json_repair.loads(candidate)
        if not isinstance(repaired, dict | list):
            raise Unusable(f"it is not JSON ({error})")
        return json.dumps(repaired, allow_nan=False, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        raise Unusable(f"it is not JSON ({error})") from None


def _json_part(text: str) -> str:
    """The JSON in a text: inside a fence, or from the first to the last bracket."""
    text = text.strip()
    if text[:1] in "{[":
        return text
    fenced = _FENCE.search(text)
    if fenced and fenced[1].strip():
        return fenced[1].strip()
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    return text[min(starts) : end + 1] if starts and end > min(starts) else text


def _describe(problems: list[Any], reply_type: type[BaseModel]) -> str:
    lines = []
    for problem in problems[:_MOST_ERRORS]:
        place = ".".join(map(str, problem["loc"])) or reply_type.__name__
        found = clip(repr(problem["input"]), 80)
        lines.append(f"{place}: {clip(problem['msg'])}, found {found}")
    if len(problems) > _MOST_ERRORS:
        lines.append(f"and {len(problems) - _MOST_ERRORS} more")
    return "; ".join(lines)


@lru_cache(maxsize=512)
def _may_hold_floats(reply_type: type[BaseModel]) -> bool:
    schema = schema_text(reply_type)
    return any(mark in schema for mark in ('"number"', "{}", '"additionalProperties":true'))


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(_finite, value))
    return True


# ---------------------------------------------------------------- schemas


@lru_cache(maxsize=512)
def schema_text(reply_type: type[BaseModel]) -> str:
    """The JSON schema of a reply, compact: it is part of the cache key, and of the prompt where needed."""
    return orjson.dumps(_without_titles(reply_type.model_json_schema())).decode()


@lru_cache(maxsize=512)
def response_format(reply_type: type[BaseModel]) -> dict[str, Any]:
    """The request field that holds an endpoint to the schema; strict where the schema allows it."""
    schema, closed = orjson.loads(schema_text(reply_type)), orjson.loads(schema_text(reply_type))
    strict = _close_objects(closed)
    schema = closed if strict else schema
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", reply_type.__name__)[:64]
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": strict}}


def _without_titles(node: Any, *, names: bool = False) -> Any:
    """The schema without pydantic's titles; under `properties` the keys are field names and all stay."""
    if isinstance(node, dict):
        return {
            key: _without_titles(value, names=key in ("properties", "$defs") and not names)
            for key, value in node.items()
            if names or key != "title"
        }
    return [_without_titles(item) for item in node] if isinstance(node, list) else node


def _close_objects(node: Any) -> bool:
    """Make every field required and every object closed, as strict mode wants; False where that cannot be."""
    if isinstance(node, list):
        return all(_close_objects(item) for item in node)
    if not isinstance(node, dict):
        return True
    closed = True
    if node.get("type") == "object":
        closed = "properties" in node and node.get("additionalProperties", False) is False
        if closed:
            node["additionalProperties"] = False
            node["required"] = list(node["properties"])
    children = [*node.get("properties", {}).values(), *node.get("$defs", {}).values()]
    children += [node[key] for key in ("items", "anyOf", "allOf", "oneOf", "prefixItems") if key in node]
    node.pop("default", None)
    return all(_close_objects(child) for child in children) and closed
