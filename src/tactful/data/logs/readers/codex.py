"""Sessions of Codex: `{timestamp, type, payload}` a line; events that repeat a message are passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.messages import add_content
from tactful.data.logs.keys import first_given
from tactful.data.logs.readers.claude_code import OTHER
from tactful.data.logs.readers.responses import thoughts_of
from tactful.data.logs.types import UNREADABLE, Format, Notes, Numbered, Row, why
from tactful.data.times import parse_time

_CALLS = frozenset({"function_call", "custom_tool_call", "local_shell_call", "web_search_call"})
_ITEMS = frozenset({"message", "reasoning", "function_call_output", "custom_tool_call_output", *_CALLS})


def _is_session(row: Row) -> bool:
    if isinstance(row.get("payload"), Mapping) and "type" in row:
        return True
    return {"id", "timestamp", "instructions"} <= row.keys() and "messages" not in row


def _read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    draft = Draft(skipped=notes.skipped)
    first, model, thoughts = 0, "", ""
    for number, row in rows:
        first = first or number
        if not isinstance(row, Mapping):
            notes.bad(number, f"the line is no object but a {type(row).__name__}")
            continue
        kind = row.get("type")
        payload: Row = row["payload"] if isinstance(row.get("payload"), Mapping) else row
        at = parse_time(row.get("timestamp"))
        if kind == "session_meta" or "instructions" in row:
            if not draft.id:
                draft.id = str(payload.get("id") or "")
                draft.known.update({"project": str(payload["cwd"])} if payload.get("cwd") else {})
        elif kind == "turn_context":
            model = str(payload.get("model") or model)
        elif payload.get("type") == "turn_aborted":
            draft.interrupt()
        elif kind == "event_msg" or payload.get("type") not in _ITEMS:
            notes.skipped[OTHER] += 1
        else:
            try:
                thoughts = _item(draft, payload, thoughts, {"at": at, "model": model})
            except UNREADABLE as error:
                notes.bad(number, why(error))
    yield first or 1, draft


def _item(draft: Draft, item: Row, thoughts: str, known: dict[str, Any]) -> str:
    """One item of the conversation; gives the thoughts that the next message of the assistant takes along."""
    kind = item["type"]
    if kind == "reasoning":
        return "\n".join(filter(None, [thoughts, *thoughts_of(item)]))
    if kind == "message":
        role = {"developer": "system"}.get(str(item.get("role")), str(item.get("role")))
        if role != "assistant":
            add_content(draft, role, item.get("content"), at=known["at"])
            return thoughts
        add_content(draft, role, item.get("content"), thoughts=thoughts, **known)
        return ""
    if kind in _CALLS:
        if not draft.turns or draft.turns[-1]["role"] != "assistant" or draft.turns[-1].get("ask"):
            draft.say("assistant", "", thoughts=thoughts, **known)
            thoughts = ""
        given = first_given(item, ("arguments", "input", "action"), "")
        id = item.get("call_id") or item.get("id")
        draft.call([{"id": id, "name": item.get("name") or kind, "arguments": given}])
        return thoughts
    output, failed = item.get("output"), False
    if isinstance(output, Mapping):
        output, failed = output.get("content") or output, output.get("success") is False
    draft.result(str(item.get("call_id") or ""), spelt(output), failed=failed, at=known["at"])
    return thoughts


CODEX = Format("codex", _is_session, _read)
