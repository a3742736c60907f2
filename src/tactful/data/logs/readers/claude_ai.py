"""The export of Claude.ai: `chat_messages` with `sender` and `text`, or blocks of content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tactful.data.logs.drafting.drafts import Draft
from tactful.data.logs.drafting.messages import add_content, speaker
from tactful.data.logs.drafting.trees import Node, say_path, tree_of
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.types import Format, Notes, Row, each
from tactful.data.times import parse_time

_ROOT = "00000000-0000-4000-8000-000000000000"


def _read(row: Row, notes: Notes) -> Draft:
    rows = row.get("chat_messages")
    if not isinstance(rows, list):
        raise ValueError("holds no list of 'chat_messages'")
    draft = Draft(
        first_text(row, ("uuid", "id")),
        skipped=notes.skipped,
        user=first_text(object_in(row, "account"), ("uuid",)),
        model=first_text(row, ("model",)),
        meta={"title": row["name"]} if row.get("name") else {},
    )
    if any(item.get("parent_message_uuid") for item in rows):
        tree = tree_of([Node(str(item.get("uuid")), _parent(item), item) for item in rows])
        return say_path(draft, tree, row.get("current_leaf_message_uuid") or str(rows[-1].get("uuid")), _say)
    for item in rows:
        _say(draft, item)
    return draft


def _parent(item: Row) -> str | None:
    parent = item.get("parent_message_uuid")
    return None if parent in (None, _ROOT) else str(parent)


def _say(draft: Draft, item: Row) -> None:
    role = speaker(str(item.get("sender")))
    if role not in ("user", "assistant"):
        raise ValueError(f"a message has the sender '{item.get('sender')}', expected human or assistant")
    blocks = item.get("content")
    content = blocks if isinstance(blocks, list) and blocks else [_text(item.get("text") or "")]
    add_content(
        draft,
        role,
        [*content, *_pasted(item.get("attachments"), whole=not draft.turns and _parent(item) is None)],
        at=parse_time(item.get("created_at")),
        id=str(item.get("uuid") or ""),
    )


def _pasted(attachments: object, *, whole: bool) -> Iterator[Row]:
    """What was pasted or attached as text: "Summarise this" alone would look open. Later it is named alone: its words are no
    answer to what the assistant said before."""
    for one in attachments if isinstance(attachments, list) else ():
        text = isinstance(one, Mapping) and first_text(one, ("extracted_content",))
        if text:
            name = first_text(one, ("file_name",))
            yield _text(f"{name}\n{text}".strip() if whole else f"[attached: {name or 'a text'}]")


def _text(text: object) -> Row:
    return {"type": "text", "text": text}


CLAUDE_AI = Format(
    "claude-ai",
    lambda row: isinstance(row.get("chat_messages"), list),
    each(_read),
)
