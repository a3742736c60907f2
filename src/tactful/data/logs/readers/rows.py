"""What the readers know of whole rows: whose conversation it is, in which language, rated how, and its other keys."""

from __future__ import annotations

from typing import Any

from tactful.data.logs.drafting.ratings import ratings_of
from tactful.data.logs.keys import first_text, object_in
from tactful.data.logs.types import Row

LISTS = ("messages", "conversation", "turns", "chat", "dialogue", "dialog", "history", "contents")
IDS = (
    "id",
    "conversation_id",
    "conversation_hash",
    "session_id",
    "thread_id",
    "chat_id",
    "uuid",
    "dialogue_id",
)
USERS = ("user", "user_id", "userId", "safety_identifier", "hashed_ip")
_OURS = frozenset(
    {
        *LISTS,
        "conversations",
        "system",
        "model",
        "source",
        "lang",
        "language",
        "rating",
        "feedback",
        "annotation",
        "score",
    }
)
_LANGUAGES = {"english": "en", "chinese": "zh", "german": "de", "french": "fr", "spanish": "es", "russian": "ru", "portuguese": "pt", "italian": "it", "japanese": "ja", "korean": "ko"}  # fmt: skip


def whole(row: Row) -> dict[str, Any]:
    """What a row tells of its conversation beside the messages; empty where it does not tell."""
    named = next((key for key in IDS if first_text(row, (key,))), "")
    return {
        "user": first_text(row, USERS) or first_text(object_in(row, "metadata"), USERS),
        "model": first_text(row, ("model",)),
        "source": first_text(row, ("source",)),
        "lang": _language(first_text(row, ("lang", "language"))),
        "ratings": ratings_of(row),
        "meta": {
            key: value
            for key, value in row.items()
            if key not in _OURS and key not in USERS and key != named and value is not None
        },
    }


def _language(word: str) -> str:
    return _LANGUAGES.get(word.lower(), word)
