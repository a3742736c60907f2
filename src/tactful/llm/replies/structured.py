"""From a reply's text to a validated record: the value wherever it stands, repair, and what to say when none fits."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import json_repair
import orjson
from pydantic import BaseModel, ValidationError

from tactful.llm.replies.words import clip
from tactful.text.thoughts import strip_thoughts

T = TypeVar("T", bound=BaseModel)

_FENCE = re.compile(r"```[a-zA-Z]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_BRACKET = re.compile(r"[{\[]")
_SURROGATES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_DECODER = json.JSONDecoder()
_MOST_ERRORS = 5
_ARGUMENTS = ("arguments", "parameters", "input")
_MOST_WRAPPINGS = 3
_MOST_KEYS_OF_A_CALL = 4
"""`name` and `arguments`, with an `id` and a `type`."""
_MOST_STARTS = 500
"""Brackets in a reply at which a value is looked for."""


class Unusable(Exception):
    """The reply does not fit; the text says why, in words that the model can act on."""


class Parsed(NamedTuple, Generic[T]):
    """A validated reply, and whether its JSON had to be repaired."""

    value: T
    repaired: bool


class _NotJson(Exception):
    """The text is no JSON at all, as opposed to JSON of another shape."""


def parse_reply(text: str, reply_type: type[T], *, complete: bool) -> Parsed[T]:
    """The first value in a reply that fits, whatever stands before and behind it, also wrapped in one more key.

    `complete` says that the reply ended by itself; only then is broken JSON repaired.

    Raises: Unusable, with the reason for asking again.
    """
    said = strip_thoughts(text).strip()
    wrong: Unusable | None = None
    try:
        return Parsed(_validate(said, reply_type), repaired=False)
    except _NotJson as error:
        broken = error
    except Unusable as error:
        wrong = error
    longest = 0
    for value, candidate in _values(said):
        try:
            return Parsed(_fit(value, candidate, reply_type), repaired=False)
        except Unusable as error:
            if isinstance(value, dict) and len(candidate) > longest:
                wrong, longest = error, len(candidate)
        except _NotJson as error:
            broken = error
    if wrong is not None:
        raise wrong
    if not complete:
        raise Unusable(f"it is not JSON ({broken})")
    return Parsed(_validate(_repair(_json_part(said), broken), reply_type), repaired=True)


def _values(text: str) -> Iterator[tuple[Any, str]]:
    """The JSON objects and lists in a text with their own texts, in order; none from inside another, or cut off."""
    if text[:1] == '"':  # the value as a text, quoted once more
        with suppress(json.JSONDecodeError, RecursionError):
            text = str(json.loads(text))
    at, starts = 0, 0
    while (found := _BRACKET.search(text, at)) and starts < _MOST_STARTS:
        starts += 1
        try:
            value, end = _DECODER.raw_decode(text, found.start())
        except json.JSONDecodeError as error:
            if error.pos >= len(text) or error.msg.startswith("Unterminated"):
                return  # what is inside a value that was cut off is not the reply
            at = found.end()
        except RecursionError:
            return
        else:
            yield value, text[found.start() : end]
            at = end


def _fit(value: Any, candidate: str, reply_type: type[T]) -> T:
    """The record, also from inside a wrapping: another key or two, the arguments of a call; a bare list is none."""
    try:
        return _validate(candidate, reply_type)
    except Unusable:
        inside = value[:1] if isinstance(value, list) and value and _is_call(value[0]) else [value]
        for _ in range(_MOST_WRAPPINGS):
            inside = [inner for outer in inside for inner in _inside(outer, reply_type)]
            fitting = []
            for inner in inside:
                with suppress(Unusable, _NotJson):
                    fitting.append(
                        _validate(inner if isinstance(inner, str) else json.dumps(inner), reply_type)
                    )
            if len(fitting) == 1:
                return fitting[0]
        raise


def _inside(value: Any, reply_type: type[BaseModel]) -> list[Any]:
    """What a wrapping may hold; nothing where the value has a field of the reply itself, save in a call of a tool."""
    if not isinstance(value, dict):
        return []
    if _is_call(value):
        return [value[name] for name in _ARGUMENTS if name in value]
    if len(value) > 1 and value.keys() & reply_type.model_fields.keys():
        return []
    several = [inner[0] if isinstance(inner, list) and len(inner) == 1 else inner for inner in value.values()]
    return [inner for inner in several if isinstance(inner, dict | str)]


def _is_call(value: Any) -> bool:
    """Whether it is a call of a tool."""
    return (
        isinstance(value, dict)
        and "name" in value
        and len(value) <= _MOST_KEYS_OF_A_CALL
        and not value.keys().isdisjoint(_ARGUMENTS)
    )


def _validate(candidate: str, reply_type: type[T]) -> T:
    try:
        value = reply_type.model_validate_json(_without_lone_surrogates(candidate))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=True)
        if problems[0]["type"] == "json_invalid":
            raise _NotJson(clip(problems[0]["msg"])) from None
        raise Unusable(_describe(problems, reply_type)) from None
    if _may_hold_floats(reply_type) and not _finite(value.model_dump()):
        raise Unusable("it holds NaN or Infinity where a number belongs")
    return value


def _without_lone_surrogates(candidate: str) -> str:
    """Escapes of half a character are read as U+FFFD: they are not text."""
    if "\\ud" not in candidate and "\\uD" not in candidate:
        return candidate
    return _SURROGATES.sub(lambda found: "\\ufffd" if found["lone"] else found[0], candidate)


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
    """Where broken JSON stands in a text: inside a fence, or from the first to the last bracket."""
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
