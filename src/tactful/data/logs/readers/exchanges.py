"""Rows of one exchange: a question, its answer, and what the user wrote next (`q_t`, `a_t`, `user_next`)."""

from __future__ import annotations

from tactful.data.logs.drafts import Draft
from tactful.data.logs.messages import add_messages
from tactful.data.logs.readers.openai import first_text, whole
from tactful.data.logs.types import Format, Notes, Row, each

_TEXTS = ("q_t", "a_t", "user_next", "conversation", "messages")


def _read(row: Row, notes: Notes) -> Draft:
    draft = Draft(
        first_text(row, ("id",)),
        skipped=notes.skipped,
        **whole({key: value for key, value in row.items() if key not in _TEXTS}),
    )
    add_messages(draft, row.get("conversation") or row.get("messages") or ())
    for role, key in (("user", "q_t"), ("assistant", "a_t"), ("user", "user_next")):
        if row.get(key):
            draft.say(role, str(row[key]))
    return draft


EXCHANGES = Format(
    "exchanges",
    "single exchanges with the next message",
    lambda row: "user_next" in row and ("q_t" in row or "conversation" in row or "messages" in row),
    each(_read),
)
