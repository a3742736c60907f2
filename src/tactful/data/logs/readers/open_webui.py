"""The export of Open WebUI: `{"chat": {"history": {"messages": {…}, "currentId"}}}`; siblings are regenerations.

What tools were called with and gave back stands in the text, as `<details type="tool_calls" name="…" result="…">`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import orjson

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.exchanges import opened
from tactful.data.logs.drafting.messages import add_message, add_messages
from tactful.data.logs.drafting.trees import Node, say_path, tree_of
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.types import Format, Notes, Row, each

_KEPT = frozenset({"role", "content", "id", "timestamp", "model", "annotation", "tool_calls"})
_BLOCK = re.compile(
    r'<details type="(?P<kind>tool_calls|code_interpreter)"(?P<known>[^<>]*)>(?P<inside>.*?)</details>',
    re.DOTALL,
)
_KNOWN = re.compile(r'([a-z]+)="([^"]*)"')
_CODE = re.compile(r"```.*?\n(.*?)\n?```", re.DOTALL)


def _is_export(row: Row) -> bool:
    if isinstance(row.get("history"), Mapping) and "messages" in row["history"]:
        return True
    return isinstance(row.get("chat"), Mapping) and bool({"history", "messages"} & row["chat"].keys())


def _read(row: Row, notes: Notes) -> Draft:
    chat = row["chat"] if isinstance(row.get("chat"), Mapping) else row
    models = chat.get("models")
    draft = Draft(
        first_text(row, ("id",)) or first_text(chat, ("id",)),
        skipped=notes.skipped,
        user=first_text(row, ("user_id",)),
        model=str(models[0]) if isinstance(models, list) and len(models) == 1 else "",
        meta={"title": chat["title"]} if chat.get("title") else {},
    )
    history = object_in(chat, "history")
    if not isinstance(history.get("messages"), Mapping):
        rows = chat.get("messages")
        if not isinstance(rows, list):
            raise ValueError("holds neither a history nor a list of messages")
        return add_messages(draft, rows)
    nodes = [
        Node(str(name), item.get("parentId"), item, list(item.get("childrenIds") or ()))
        for name, item in history["messages"].items()
    ]
    return say_path(draft, tree_of(nodes), history.get("currentId"), _say)


def _say(draft: Draft, item: Row) -> None:
    kept = {key: value for key, value in item.items() if key in _KEPT}
    blocks: list[re.Match[str]] = []
    if item.get("role") == "assistant" and isinstance(text := item.get("content"), str):
        blocks = list(_BLOCK.finditer(text))
        if blocks:
            said = _BLOCK.sub("\0", text).split("\0")
            kept["content"] = "\n".join(filter(None, map(str.strip, said)))
    add_message(draft, kept)
    for block in blocks:
        _call(draft, block)


def _call(draft: Draft, block: re.Match[str]) -> None:
    known = {name: _value(value) for name, value in _KNOWN.findall(block["known"])}
    code = _CODE.search(block["inside"])
    id = spelt(known.get("id")) or f"{block['kind']}-{block.start()}"
    name = spelt(known.get("name")) or block["kind"]
    draft.call([{"id": id, "name": name, "arguments": code[1] if code else known.get("arguments")}])
    if back := known.get("result") or known.get("output"):
        draft.result(id, spelt(back))


def _value(escaped: str) -> Any:
    """An attribute: JSON in the escapes of HTML, and a text in it as it is."""
    text = unescape(escaped)
    try:
        return orjson.loads(text) if text[:1] == '"' else opened(text)
    except orjson.JSONDecodeError:
        return text


OPEN_WEBUI = Format("open-webui", _is_export, each(_read))
