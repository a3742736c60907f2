"""The conversations of `data.logs` as rows of a dialogue, for the rooms feedback and utterance; rows in memory too.

`{"id", "conversation": [{"role", "content", …}, …], "source", "lang", …}`. The list may be called `messages`; the id may
be missing, or called `conversation_id` (LMSYS) or `conversation_hash` (WildChat). A message that only calls tools may
lack `content`; of content in parts, the text counts. What the model thought is cut from its messages and kept beside
them, under `thoughts`. Other keys are kept and never sent to a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from tactful.data.io import MEMORY, STDIN, Rows, shorten
from tactful.data.logs import Log, LogOptions
from tactful.data.recognise import Recognised
from tactful.errors import DataError
from tactful.text.thoughts import split_content
from tactful.types import ChatTurn, Conversation, Record

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

    @property
    def calls_tools(self) -> bool:
        """Tools are called in it, whatever else is said."""
        return any((self.model_extra or {}).get(key) for key in _CALLS)


class Dialogue(Record):
    """One dialogue as it was recorded."""

    model_config = ConfigDict(extra="allow")

    id: str = ""
    """Empty where the log has none: the reader then calls it by its line, `dialogue-3`."""
    conversation: tuple[ChatMessage, ...]
    source: str = ""
    """The set or product it comes from; empty: the file's name is taken."""
    lang: str = ""
    """`zh`, `en`, …; empty: told from the text by `detect_lang`."""

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


class ChatRows(Rows[D]):
    """The dialogues of a chat log of any format, or of rows in memory, by way of `data.logs`: read lazily, unpacked, recognised,
    redacted, accounted for; `unique` refuses a second one of the same id.

    After the last one, `notes` says by reason what held no talk and was passed over.
    Raises, while iterating: UserError when the file cannot be opened; DataError when it is recognised as something else,
    or at the first bad line (unless `skip_bad`).
    """

    def __init__(
        self,
        path: Path | str | Sequence[Any],
        type_: type[D],
        *,
        skip_bad: bool = False,
        kind: str = "dialogue",
        unique: bool = False,
        reading: LogOptions | None = None,
    ) -> None:
        key = attrgetter("id") if unique else None
        super().__init__(path, type_.model_validate, skip_bad=skip_bad, kind=kind, key=key)
        self._within = ""
        how = replace(reading or LogOptions(), empty=True)
        self.log = Log([] if self.given is not None else self.path, how, on_bad=self._unusable)

    def _rows(self) -> Iterator[tuple[int, Any]]:
        if self.given is not None:
            rows = ((number, _plain(row)) for number, row in enumerate(self.given, start=1))
            found = self.log.read_rows(MEMORY, rows)
        else:
            found = self.log.read()
        for number, conversation in found:
            yield number, row_of(conversation, source_name(self.path))
        self.notes.update(self.log.skipped)

    def _unusable(self, name: str, number: int | None, problem: str, other: Recognised | None) -> None:
        """A row that no reader can use, or a file that is something else."""
        if other is not None:
            raise DataError.at(name, None, f"{other.name}, expected a chat log", fix=other.fix)
        self.read += 1
        self._within = "" if name in (STDIN, MEMORY) else name
        try:
            self._reject(number or 1, problem)
        finally:
            self._within = ""

    @property
    def name(self) -> str:
        """The file as messages name it: of a folder, the one that is being read."""
        return self._within or super().name


def row_of(conversation: Conversation, source: str) -> dict[str, Any]:
    """A conversation as a row of a dialogue: what tools gave back stands behind their calls, other keys beside.

    `source` is taken where the log tells none.
    """
    messages = [message for turn in conversation.turns for message in _messages(turn)]
    row: dict[str, Any] = {
        **{key: value for key, value in conversation.meta.items() if key != "messages"},  # they stand below
        "id": conversation.id,
        "source": conversation.source or source,
        "lang": conversation.lang,
    }
    row |= {key: value for key in ("user", "model") if (value := getattr(conversation, key))}
    if conversation.format == "exchanges":
        row["user_next"] = messages.pop()["content"]
    return {**row, "conversation": messages}


def _messages(turn: ChatTurn) -> Iterator[dict[str, Any]]:
    more: dict[str, Any] = {key: value for key in ("thoughts", "model") if (value := getattr(turn, key))}
    if turn.at is not None:
        more["at"] = turn.at.isoformat()
    if turn.calls:
        more["tool_calls"] = [call.model_dump(include={"id", "name", "arguments"}) for call in turn.calls]
    yield {**turn.meta, "role": turn.role, "content": turn.content, **more}
    for call in turn.calls:
        if call.result is not None:
            yield {"role": "tool", "content": call.result, "name": call.name}


def _plain(row: Any) -> Any:
    return row.model_dump(mode="json") if isinstance(row, BaseModel) else row


def source_name(path: Path | str) -> str:
    """What a file's dialogues are called when they do not say: the file's name without its ending."""
    return "stdin" if str(path) == STDIN else Path(path).stem


def _said(row: Mapping[str, Any]) -> tuple[Any, str]:
    """Text and thoughts of a message: of a string, null (no text), or a list of parts.

    Only the assistant's own texts are searched for thoughts: a user may write such tags.
    """
    content = row["content"]
    if isinstance(content, str) and row["role"] != ASSISTANT:
        return content, ""
    thoughts, text = split_content(content, between="\n")
    return (content if text is None else text), thoughts
