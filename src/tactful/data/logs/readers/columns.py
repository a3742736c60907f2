"""Tables: one message a row, or a question and its answer a row. Columns go by their usual names, or by those given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from tactful.data.logs.drafting.drafts import Draft, spelt
from tactful.data.logs.drafting.messages import add_content, speaker
from tactful.data.logs.drafting.ratings import rating_of
from tactful.data.logs.gathering import gathered
from tactful.data.logs.readers.calls import seconds
from tactful.data.logs.tables import as_written
from tactful.data.logs.types import Format, Notes, Numbered, Reader, Row, objects, tried
from tactful.data.times import parse_time

_USUAL: Mapping[str, tuple[str, ...]] = {
    "conversation": ("conversation_id", "conversation", "session_id", "session", "thread_id", "chat_id", "dialogue_id", "dialog_id", "ticket_id", "conversationid", "sessionid", "threadid"),
    "role": ("role", "sender", "author", "from", "speaker", "sender_type", "author_role"),
    "text": ("content", "text", "message", "body", "utterance", "value"),
    "question": ("question", "prompt", "query", "user_message", "user_input", "instruction", "input", "request"),
    "answer": ("answer", "response", "completion", "assistant_message", "bot_response", "output", "reply", "assistant_response"),
    "time": ("timestamp", "created_at", "createdat", "time", "date", "datetime", "sent_at"),
    "user": ("user_id", "user", "customer_id", "userid", "customer", "username"),
    "model": ("model", "model_name", "assistant", "bot"),
    "rating": ("rating", "feedback", "score", "thumbs", "csat"),
}  # fmt: skip
"""Field → names that columns for it usually have, without case."""

_PART = re.compile(r"text|refusal|think|reason|tool|function|image|audio|video|file|document")
"""Types of a message's parts; a list of objects of other types is an answer in JSON."""


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns; None: found by their usual names."""

    conversation: str | None = None
    """Rows with equal values are one conversation. Without such a column the messages of a file are one, and each question
    with its answer is."""
    role: str | None = None
    text: str | None = None
    question: str | None = None
    """Of a table with a question and its answer in each row."""
    answer: str | None = None
    time: str | None = None
    user: str | None = None
    model: str | None = None
    rating: str | None = None

    @property
    def any(self) -> bool:
        """Whether one is given: then the file is read as a table, whatever else it may look like."""
        return any(getattr(self, item.name) for item in fields(self))


def columns_of(row: Row, given: Columns) -> dict[str, str]:
    """Field → column of this table. Raises: ValueError for a column that is given and not there."""
    by_name = {str(name).strip().lower(): str(name) for name in row}
    found: dict[str, str] = {}
    for field, usual in _USUAL.items():
        asked = getattr(given, field)
        if asked is not None and asked not in row:
            raise ValueError(f"has no column '{asked}'; its columns are {', '.join(map(str, row))}")
        name = asked or next((by_name[name] for name in usual if name in by_name), None)
        if name is not None:
            found[field] = name
    return found


def _is_table(row: Row) -> bool:
    found = columns_of(row, Columns())
    return {"role", "text"} <= found.keys() or {"question", "answer"} <= found.keys()


def reader_of(given: Columns) -> Reader:
    """A reader of tables with these columns."""

    def read(rows: Iterable[Numbered], notes: Notes) -> Iterator[tuple[int, Draft]]:
        names: dict[str, str] = {}
        columns: dict[str, None] = {}

        def keyed() -> Iterator[tuple[int, str, float | None, Any]]:
            for number, row in objects(rows, notes):
                try:
                    if not row.keys() <= columns.keys():  # rows of JSON may leave out what is empty
                        columns.update(dict.fromkeys(row))
                        names.update({**columns_of(columns, given), **names})
                except ValueError as error:
                    notes.bad(number, str(error))
                    return
                at = seconds(row, (names.get("time", ""),))
                key = row.get(names.get("conversation", ""))
                if key is None and ("conversation" in names or not {"role", "text"} <= names.keys()):
                    key = f"row-{number}"
                yield number, "" if key is None else str(key), at, _said_as_written(row, names)

        for first, key, held in gathered(keyed(), notes):
            yield from tried(notes, first, partial(_conversation, key, held, names, notes))

    return read


def _conversation(name: str, rows: list[Row], names: Mapping[str, str], notes: Notes) -> Draft:
    draft = Draft(name, skipped=notes.skipped)
    for row in rows:
        _say(draft, row, names)
    return draft


def _said_as_written(row: Row, names: Mapping[str, str]) -> Row:
    """The row, its texts as the table has them: opened is only what gives the parts of a message."""
    parts = row.get(names.get("text", ""))
    if isinstance(parts, list) and parts and all(_is_part(part) for part in parts):
        return row
    return as_written(row, *(names[field] for field in ("text", "question", "answer") if field in names))


def _is_part(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return _PART.search(str(value["type"])) is not None if "type" in value else "text" in value


def _say(draft: Draft, row: Row, names: Mapping[str, str]) -> None:
    def cell(field: str) -> Any:
        return row.get(names[field]) if field in names else None

    def know_user(role: str) -> None:
        """From the user's own rows before all others: the column may name whoever speaks."""
        if cell("user") is not None and (role == "user" or "user" not in draft.known):
            draft.known["user"] = str(cell("user"))

    at, model = parse_time(cell("time")), str(cell("model") or "")
    rating = rating_of(_number(cell("rating")))
    ratings = [rating] if rating else []
    pairs = {"question", "answer"} <= names.keys()
    if {"role", "text"} <= names.keys() and (names["role"] in row or not pairs):
        word = str(cell("role") or "")
        role = speaker(word)
        if role is None or role == "call":
            raise ValueError(f"has the {names['role']} '{word}', expected user, assistant, system or tool")
        know_user(role)
        content = cell("text")
        add_content(
            draft,
            role,
            content if isinstance(content, list) else spelt(content),
            at=at,
            model=model if role == "assistant" else "",
            ratings=ratings,
        )
        return
    if not pairs:
        raise ValueError(
            f"has neither a role and a text nor a question and an answer; name them with --role-column and its kin; its columns are {', '.join(map(str, row))}"
        )
    know_user("user")
    for role, field in (("user", "question"), ("assistant", "answer")):
        if cell(field):
            known = {"model": model, "ratings": ratings} if role == "assistant" else {}
            draft.say(role, spelt(cell(field)), at=at, **known)


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


TABLE = Format(
    "table",
    _is_table,
    reader_of(Columns()),
)
