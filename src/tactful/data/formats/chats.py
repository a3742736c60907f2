"""Chat logs, one dialogue a line: the one reader of feedback, utterance and every other room that reads chats.

`{"id", "conversation": [{"role", "content", …}, …], "source", "lang", …}`. The list may be called `messages`; the id may
be missing, or called `conversation_id` (LMSYS) or `conversation_hash` (WildChat). A message that only calls tools may
lack `content`; of content in parts, the text counts. What the model thought is cut from its messages and kept beside
them, under `thoughts`. Other keys are kept and never sent to a model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ConfigDict, field_validator, model_validator

from tactful.data.io import STDIN, Rows, shorten
from tactful.data.recognise import OtherFile, foreign_row
from tactful.text.thoughts import split_content
from tactful.types import Record

USER, ASSISTANT = "user", "assistant"
UNHEARD = frozenset({"system", "developer", "tool", "function"})
"""Roles that are passed over: neither the user nor the assistant speaks."""
ROLES = (USER, ASSISTANT, *sorted(UNHEARD))
_CALLS = frozenset({"tool_calls", "function_call"})
_IDS = ("id", "conversation_id", "conversation_hash")

D = TypeVar("D", bound="Dialogue")


class ChatMessage(Record):
    """One message of a dialogue. Keys beside role and content are kept and never sent to a model."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str

    @model_validator(mode="before")
    @classmethod
    def _read(cls, row: Any) -> Any:
        if not isinstance(row, Mapping):
            raise ValueError(f"a message is {shorten(row)}, expected an object with role and content")
        missing = [key for key in ("role", "content") if key not in row]
        if missing == ["content"] and _CALLS & row.keys():
            missing, row = [], {**row, "content": ""}
        if missing:
            raise ValueError(f"a message has no '{missing[0]}': {shorten(dict(row))}")
        text, thoughts = _said(row)
        return {**row, "content": text, **({"thoughts": thoughts} if thoughts else {})}

    @field_validator("role")
    @classmethod
    def _known(cls, role: str) -> str:
        if role not in ROLES:
            raise ValueError(f"is unknown, expected {', '.join(ROLES[:-1])} or {ROLES[-1]}")
        return role

    @property
    def blank(self) -> bool:
        """Nothing is said in it."""
        return not self.content.strip()


class Dialogue(Record):
    """One dialogue as it was recorded."""

    model_config = ConfigDict(extra="allow")

    id: str = ""
    """Empty where the log has none: the reader then calls it by its line, `dialogue-3`."""
    conversation: tuple[ChatMessage, ...]
    source: str = ""
    """The set or product it comes from; empty: the file's name is taken."""
    lang: str = ""
    """`zh`, `en`, …; empty: told from the share of CJK characters."""

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, row: Any) -> Any:
        if not isinstance(row, Mapping):
            raise ValueError(f"the row is {shorten(row)}, expected an object")
        if "conversation" in row and "messages" in row:
            raise ValueError("has both 'conversation' and 'messages'; keep one")
        made = {("conversation" if key == "messages" else key): value for key, value in row.items()}
        name = next((key for key in _IDS if made.get(key) not in (None, "")), "")
        made["id"] = made.pop(name) if name else ""
        for key in ("id", "dialogue_id"):
            if isinstance(made.get(key), int) and not isinstance(made[key], bool):
                made[key] = str(made[key])
        return {
            key: value for key, value in made.items() if value is not None or key not in ("source", "lang")
        }

    def named(self, number: int, source: str) -> Any:
        """Itself with an id, after its line `number`, and a source, where the log gave none."""
        return self.model_copy(
            update={"id": self.id or f"dialogue-{number}", "source": self.source or source}
        )


def dialogue_rows(
    path: Path | str | Sequence[Any],
    type_: type[D],
    *,
    skip_bad: bool = False,
    kind: str = "dialogue",
    unique: bool = False,
) -> Rows[D]:
    """The dialogues of a chat log, or of rows in memory, read lazily; `unique` refuses a second one of the same id.

    Raises, while iterating: UserError when the file cannot be opened; DataError when it is recognised as something else,
    or at the first bad line (unless `skip_bad`).
    """

    def parse(row: Any) -> D:
        try:
            return type_.model_validate(row)
        except ValueError as error:
            other = foreign_row(row, rows.path) if isinstance(row, Mapping) else None
            if other is not None:
                raise OtherFile(f"{other.name}, expected a chat log", other.fix) from error
            raise

    rows = Rows(path, parse, skip_bad=skip_bad, kind=kind, key=_own_id if unique else None)
    return rows


def source_name(path: Path | str) -> str:
    """What a file's dialogues are called when they do not say: the file's name without its ending."""
    return "stdin" if str(path) == STDIN else Path(path).stem


def _own_id(dialogue: Dialogue) -> str:
    return dialogue.id


def _said(row: Mapping[str, Any]) -> tuple[Any, str]:
    """Text and thoughts of a message: of a string, null (no text), or a list of parts.

    Only the assistant's own texts are searched for thoughts: a user may write such tags.
    """
    content = row["content"]
    if isinstance(content, str) and row["role"] != ASSISTANT:
        return content, ""
    thoughts, text = split_content(content, between="\n")
    return (content if text is None else text), thoughts
