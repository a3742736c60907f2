"""Items of OpenAI's Responses, as messages: calls, their outputs and what was thought are items of their own there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CALLS = frozenset({"function_call", "custom_tool_call"})


def is_response(row: Any) -> bool:
    """Whether it is what the endpoint gave back."""
    return isinstance(row, Mapping) and (
        row.get("object") == "response" or isinstance(row.get("output"), list)
    )


def messages_of(items: Any, role: str) -> list[Any]:
    """Items as messages; a bare text, and an item that names nobody, are of `role`. Calls of the endpoint's own tools are left out."""
    if isinstance(items, str):
        return [{"role": role, "content": items}] if items.strip() else []
    found: list[Any] = []
    thoughts: list[str] = []
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, Mapping):
            continue
        kind = item.get("type") or "message"
        if kind == "reasoning":
            thoughts += thoughts_of(item)
        elif kind in _CALLS:
            given = item.get("arguments") if kind == "function_call" else item.get("input")
            call = {"id": item.get("call_id") or item.get("id"), "name": item.get("name"), "arguments": given}
            found.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind in ("function_call_output", "custom_tool_call_output"):
            found.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")})
        elif kind == "message":
            told = {"role": item.get("role") or role, "content": item.get("content")}
            found.append({**told, "reasoning": "\n".join(thoughts)} if thoughts else told)
            thoughts = []
    return found


def thoughts_of(item: Mapping[str, Any]) -> list[str]:
    """What was thought, by an item of the type `reasoning`."""
    parts = [*(item.get("summary") or ()), *(item.get("content") or ())]
    return [str(part["text"]) for part in parts if isinstance(part, Mapping) and part.get("text")]
