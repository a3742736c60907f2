"""The export of LibreChat: `messages` with `parentMessageId`, or `messagesTree`; its CSV has one message a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.messages import add_content
from tactful.data.logs.drafting.ratings import ratings_of
from tactful.data.logs.drafting.trees import Node, nested, say_path, tree_of
from tactful.data.logs.gathering import gathered
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.readers.calls import seconds
from tactful.data.logs.tables import as_written
from tactful.data.logs.types import Format, Notes, Numbered, Row, each, tried
from tactful.data.times import parse_time

FAILED = "an answer that was an error"


def _is_export(row: Row) -> bool:
    return "conversationId" in row and ("messages" in row or "messagesTree" in row)


def _is_message(row: Row) -> bool:
    return {"messageId", "parentMessageId", "isCreatedByUser"} <= row.keys()


def _read(row: Row, notes: Notes) -> Draft:
    held = row.get("messagesTree") or row.get("messages")
    if not isinstance(held, list):
        raise ValueError("holds no list of messages")
    flat = [
        (one, one.get("parentMessageId") or parent) for one, parent in nested(held, "messageId", "children")
    ]
    return _conversation(
        flat,
        first_text(row, ("conversationId",)),
        notes,
        user=first_text(row, ("user",)),
        model=first_text(object_in(row, "options"), ("model",)),
        meta={"title": row["title"]} if row.get("title") else {},
    )


def _read_messages(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    """Messages by themselves: the CSV export of one conversation, or a dump of the database."""

    def keyed() -> Iterator[tuple[int, str, float | None, Any]]:
        for number, row in rows:
            if not isinstance(row, Mapping) or not row.get("messageId"):
                notes.bad(number, "is no message with a 'messageId'")
                continue
            at = seconds(row, ("createdAt",))
            yield number, first_text(row, ("conversationId",)), at, as_written(row, "text")

    for first, name, rows_of in gathered(keyed(), notes):
        held = [(row, row.get("parentMessageId")) for row in rows_of]
        yield from tried(notes, first, partial(_conversation, held, name, notes))


def _conversation(held: list[tuple[Row, str | None]], name: str, notes: Notes, **known: Any) -> Draft:
    draft = Draft(name, skipped=notes.skipped, **known)
    nodes = [
        Node(str(row.get("messageId") or place), parent, row) for place, (row, parent) in enumerate(held)
    ]
    return say_path(draft, tree_of(nodes), nodes[-1].id if nodes else None, _say)


def _say(draft: Draft, row: Row) -> None:
    if _true(row.get("error")):
        draft.skipped[FAILED] += 1
        return
    own = _true(row.get("isCreatedByUser")) or str(row.get("sender") or "").lower() == "user"
    content = row.get("content")
    text = row.get("text") or ""
    parts = [_unwrapped(part) for part in content] if isinstance(content, list) and not text else []
    add_content(
        draft,
        "user" if own else "assistant",
        parts or text,
        at=parse_time(row.get("createdAt")),
        model="" if own else first_text(row, ("model",)),
        ratings=ratings_of(row),
    )
    for part in parts:
        if isinstance(part, Mapping) and part.get("type") == "tool_call" and part.get("output"):
            draft.result(str(part.get("id") or ""), spelt(part["output"]))


def _unwrapped(part: Any) -> Any:
    """A part of a message as others write it: a call lies in a shell, and thoughts go by another word."""
    if not isinstance(part, Mapping):
        return part
    if isinstance(part.get("tool_call"), Mapping):
        return {**part["tool_call"], "type": "tool_call"}
    return {"type": "thinking", "thinking": part.get("think")} if part.get("type") == "think" else part


def _true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "1")


LIBRECHAT = Format("librechat", _is_export, each(_read))
LIBRECHAT_MESSAGES = Format("librechat-messages", _is_message, _read_messages)
