"""Files beside a log that hold nothing but its ratings: Langfuse's scores, LangSmith's feedback, ChatGPT's thumbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tactful.data.logs.drafting.exchanges import opened
from tactful.data.logs.drafting.ratings import rating_of

_ABOUT = (
    "observationId", "observation_id", "run_id", "message_id", "traceId", "trace_id", "sessionId", "session_id", "id",
)  # fmt: skip
"""Keys that say what a score is about, the most special first."""

NO_TALK = "a file of an export that holds no talk"
HOLDS_NO_TALK = frozenset(
    {
        "user.json",
        "users.json",
        "projects.json",
        "memories.json",
        "user_settings.json",
        "shared_conversations.json",
        "sora.json",
        "shopping.json",
        "export_manifest.json",
        "manifest.json",
        "sessions-index.json",
    }
)
"""Names of what ChatGPT, Claude.ai and Claude Code put beside the conversations."""


def is_score(row: Mapping[str, Any]) -> bool:
    """A row of Langfuse's scores, of LangSmith's feedback, or of ChatGPT's `message_feedback.json`."""
    keys = row.keys()
    if {"input", "output", "inputs"} & keys:
        return False
    if _is_thumb(row):
        return True
    about = {"traceId", "trace_id", "observationId", "observation_id"} & keys
    scored = {"value", "stringValue", "string_value", "score"} & keys
    return bool(scored) and (("name" in keys and bool(about)) or {"run_id", "key"} <= keys)


def score_of(row: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What a score is about, and the rating."""
    about = str(next((row[key] for key in _ABOUT if row.get(key) not in (None, "")), ""))
    if not _is_thumb(row):
        return about, rating_of(row)
    said = opened(row.get("content"))
    said = said if isinstance(said, Mapping) else {}
    tags = said.get("tags")
    return about, rating_of(
        {
            "rating": row["rating"],
            "text": said.get("text"),
            "tag": ", ".join(map(str, tags)) if isinstance(tags, list) else None,
        }
    )


def _is_thumb(row: Mapping[str, Any]) -> bool:
    """ChatGPT's: a message, its conversation, a thumb, and words as JSON inside a string."""
    return (
        "conversation_id" in row
        and bool({"message_id", "id"} & row.keys())
        and str(row.get("rating")).lower().replace("_", "") in ("thumbsup", "thumbsdown")
        and not {"role", "sender", "author", "mapping", "messages", "conversation"} & row.keys()
    )
