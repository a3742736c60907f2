"""The export of Open WebUI: `{"chat": {"history": {"messages": {…}, "currentId"}}}`; siblings are regenerations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import add_message, add_messages
from tactful.data.logs.drafting.trees import Node, say_path, tree_of
from tactful.data.logs.readers.rows import first_text
from tactful.data.logs.types import Format, Notes, Row, each


def _is_export(row: Row) -> bool:
    if isinstance(row.get("history"), Mapping) and "messages" in row["history"]:
        return True
    return isinstance(row.get("chat"), Mapping) and bool({"history", "messages"} & row["chat"].keys())


def _read(row: Row, notes: Notes) -> Draft:
    chat = row["chat"] if isinstance(row.get("chat"), Mapping) else row
    draft = Draft(first_text(row, ("id",)) or first_text(chat, ("id",)), skipped=notes.skipped)
    models = chat.get("models")
    known: dict[str, Any] = {
        "user": first_text(row, ("user_id",)),
        "model": str(models[0]) if isinstance(models, list) and len(models) == 1 else "",
        "meta": {"title": chat["title"]} if chat.get("title") else {},
    }
    draft.known.update({key: value for key, value in known.items() if value})
    history = chat.get("history")
    if not isinstance(history, Mapping) or not isinstance(history.get("messages"), Mapping):
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
    kept = {
        key: value
        for key, value in item.items()
        if key in ("role", "content", "id", "timestamp", "model", "annotation", "tool_calls")
    }
    add_message(draft, kept)


OPEN_WEBUI = Format("open-webui", _is_export, each(_read))
