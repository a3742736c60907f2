"""OpenAI messages: `{"messages": [{"role", "content"}, …]}`, also WildChat, LMSYS, LangChain and bare lists of messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tactful.data.io import shorten
from tactful.data.logs.drafts import Draft
from tactful.data.logs.messages import add_messages, time_of
from tactful.data.logs.ratings import ratings_of
from tactful.data.logs.types import Format, Notes, Numbered, Row, each

_LISTS = ("messages", "conversation", "turns", "chat", "dialogue", "dialog", "history")
_IDS = (
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
        *_LISTS,
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


def read_row(row: Row, notes: Notes) -> Draft:
    """The conversation of one row. Raises: ValueError."""
    key = next((key for key in _LISTS if isinstance(row.get(key), list)), None)
    if key is None:
        raise ValueError(f"holds no list of messages: {shorten(dict(row))}")
    draft = Draft(first_text(row, _IDS), skipped=notes.skipped, **whole(row))
    at = time_of(row)
    add_messages(draft, row[key])
    if at is not None and draft.turns and not any("at" in turn for turn in draft.turns):
        draft.turns[0]["at"] = at
    return draft


def whole(row: Row) -> dict[str, Any]:
    """What a row tells of its conversation beside the messages."""
    inner = row.get("metadata")
    meta = inner if isinstance(inner, Mapping) else {}
    known: dict[str, Any] = {
        "user": first_text(row, USERS) or first_text(meta, USERS),
        "model": first_text(row, ("model",)),
        "source": first_text(row, ("source",)),
        "lang": _language(first_text(row, ("lang", "language"))),
        "ratings": ratings_of(row),
        "meta": {
            key: value
            for key, value in row.items()
            if key not in _OURS and key not in USERS and key not in _IDS and value is not None
        },
    }
    return {key: value for key, value in known.items() if value}


def first_text(row: Row, keys: Iterable[str]) -> str:
    """The first of these keys that holds a text or a whole number; empty where none does."""
    for key in keys:
        value = row.get(key)
        if (isinstance(value, str) and value) or (isinstance(value, int) and not isinstance(value, bool)):
            return str(value)
    return ""


def _language(word: str) -> str:
    return _LANGUAGES.get(word.lower(), word)


def _is_messages(row: Row) -> bool:
    rows = next((row[key] for key in _LISTS if isinstance(row.get(key), list)), None)
    return rows is not None and all(isinstance(item, Mapping) for item in rows[:1])


def _rows(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
    wrapped = ((number, {"messages": row} if isinstance(row, list) else row) for number, row in rows)
    return each(read_row)(wrapped, notes)


OPENAI = Format("openai", "OpenAI messages", _is_messages, _rows)
