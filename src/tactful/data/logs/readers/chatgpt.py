"""The export of ChatGPT: `mapping` holds every version of every message, `current_node` the one shown last.

What was thumbed up or down stands in `message_feedback.json` beside it, in the folder or the archive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.trees import Node, say_path, tree_of
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.types import Format, Notes, Row, each
from tactful.data.times import parse_time

HIDDEN = "a message that was never shown"
_CITED = re.compile(" ?\ue200(?:cite|filecite|navlist)\ue202[^\ue201]*\ue201")
"""Where a source is shown: marks of the page, and no words of the answer."""
_CONTEXTS = frozenset({"user_editable_context", "model_editable_context"})
_THOUGHTS = frozenset({"thoughts", "reasoning_recap"})


def _read(row: Row, notes: Notes) -> Draft:
    mapping = row.get("mapping")
    if not isinstance(mapping, Mapping):
        raise ValueError("holds no 'mapping' of messages")
    title = first_text(row, ("title",))
    meta = {"title": title} if title else {}
    draft = Draft(first_text(row, ("id", "conversation_id")), skipped=notes.skipped, meta=meta)
    nodes = [
        Node(str(name), node.get("parent"), node.get("message"), list(node.get("children") or ()))
        for name, node in mapping.items()
        if isinstance(node, Mapping)
    ]
    tree = tree_of(nodes)
    say_path(draft, tree, row.get("current_node"), partial(_say, ratings=notes.ratings))
    draft.begun(parse_time(row.get("create_time")))
    return draft


def _say(draft: Draft, message: Any, ratings: Mapping[str, Any]) -> None:
    if not isinstance(message, Mapping):
        return
    meta, content = object_in(message, "metadata"), object_in(message, "content")
    role = str(object_in(message, "author").get("role") or "")
    kind = str(content.get("content_type") or "text")
    text = _text(content)
    if meta.get("is_visually_hidden_from_conversation") or kind in _CONTEXTS:
        draft.skipped[HIDDEN] += 1
        return
    known: dict[str, Any] = {"at": parse_time(message.get("create_time")), "id": str(message.get("id") or "")}
    if role == "tool":
        draft.result("", text, at=known["at"])
    elif role == "assistant" and message.get("recipient") not in (None, "all"):
        draft.say("assistant", "", model=meta.get("model_slug"), **known)
        draft.call([{"name": message["recipient"], "arguments": text}])
    elif role == "assistant" and kind in _THOUGHTS:
        draft.say("assistant", "", thoughts=text, model=meta.get("model_slug"), **known)
    elif role == "assistant":
        known["ratings"] = tuple(ratings.get(known["id"], ()))
        last = draft.turns[-1] if draft.turns else {}
        if (
            last.get("role") == "assistant"
            and not last["content"]
            and last.get("thoughts")
            and "calls" not in last
        ):
            draft.turns.pop()  # its thoughts were messages of their own
            known["thoughts"] = last["thoughts"]
        draft.say("assistant", _CITED.sub("", text), model=meta.get("model_slug"), **known)
    elif role == "user" or (role == "system" and text):
        draft.say(role, text, **known)


def _text(content: Row) -> str:
    parts = content.get("parts")
    if isinstance(parts, list):
        return "\n".join(
            part if isinstance(part, str) else str(part.get("text") or "")
            for part in parts
            if isinstance(part, str | Mapping)
        ).strip()
    if isinstance(content.get("thoughts"), list):
        return "\n".join(
            str(item.get("content") or item.get("summary") or "")
            for item in content["thoughts"]
            if isinstance(item, Mapping)
        )
    return spelt(content.get("text") or content.get("content") or content.get("result") or "")


CHATGPT = Format("chatgpt", lambda row: isinstance(row.get("mapping"), Mapping), each(_read))
