"""A conversation as a log kept it: who said what and when, what tools did, what was asked natively, what was rated.

Every log format becomes this record (`data/logs/`); whoever takes chats starts from it. Texts are what was said: what a
model thought stands apart, what machinery wrote in the user's name is no turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field, JsonValue

from tactful.types.base import Record, Written

Speaker = Literal["system", "user", "assistant", "tool"]


class ToolCall(Record):
    """One call of a tool, as a fact: what was asked of it and what came back."""

    name: str
    id: str = ""
    arguments: str = ""
    """JSON text where the log has it."""
    result: str | None = None
    """None: the log does not tell."""
    failed: bool = False


class NativeAsk(Record):
    """A question put through the assistant's own ask tool, and what became of it: known, where others must be guessed.

    The question is the `content` of its turn, and the answer the turn of the user that follows.
    """

    tool: str
    """`AskUserQuestion`, `request_user_input`, …"""
    questions: tuple[str, ...]
    options: tuple[tuple[str, ...], ...] = ()
    """The choices offered with each question."""
    answer: str | None = None
    """None: it was not answered."""
    declined: bool = False
    """The user rejected or interrupted it."""


class Rating(Record):
    """What was said of a turn or conversation with a button, a score or a comment: a label, never seen by a judge."""

    name: str = "rating"
    value: float | None = None
    """As the log has it, higher is better; thumbs are 1 and -1. None: only words."""
    text: str = ""
    """A category or a comment."""
    by: str = ""
    """`user`, `annotator`, `model`, or what the log calls it; empty: it does not say."""


class ChatTurn(Record):
    """One message."""

    role: Speaker
    content: str
    """What was said; empty where only tools were called."""
    id: str = ""
    """The log's own; empty where it has none."""
    at: datetime | None = None
    """Aware UTC; None where the log does not tell."""
    thoughts: str = ""
    """What the model thought before it spoke; never shown, never trained on."""
    model: str = ""
    calls: tuple[ToolCall, ...] = ()
    ask: NativeAsk | None = None
    """Of an assistant's turn that asked by a tool."""
    answers: str = ""
    """Of a user's turn that answers such a question: the tool's name."""
    interrupted: bool = False
    """The user stopped the assistant in it."""
    ratings: tuple[Rating, ...] = ()
    meta: Mapping[str, JsonValue] = {}
    """Other keys of the message."""

    @property
    def blank(self) -> bool:
        """Nothing is said in it."""
        return not self.content.strip()


class Branch(Record):
    """What was said in place of the turns from `start` on, and not kept: an answer regenerated, a message edited."""

    start: int = Field(ge=0)
    """Index among the conversation's turns of the first one that replaced it."""
    turns: tuple[ChatTurn, ...]


class Conversation(Written):
    """One conversation, its turns oldest first, along the branch that was taken last."""

    row_kind = "conversations"

    id: str = Field(min_length=1)
    turns: tuple[ChatTurn, ...]
    source: str = ""
    """The set or product it comes from: the log's own word, else the file's name."""
    format: str = ""
    """Whose log it was: `openai`, `langfuse`, `claude-code`, …"""
    user: str = ""
    """A hash of the user's name with a salt of the project's own, unless names were kept; empty: the log has none."""
    model: str = ""
    """The assistant's, where one is named for all of it; else of its last turn."""
    lang: str = ""
    """As the log says; empty: it does not."""
    project: str = ""
    """What the conversation was about where the log has no user: a folder or a repository, hashed like users."""
    ratings: tuple[Rating, ...] = ()
    """Of the whole; those of one turn stand there."""
    branches: tuple[Branch, ...] = ()
    meta: Mapping[str, JsonValue] = {}
    """Other keys of the log, never sent to a model."""

    @property
    def spoken(self) -> tuple[ChatTurn, ...]:
        """The turns of user and assistant."""
        return tuple(turn for turn in self.turns if turn.role in ("user", "assistant"))

    @property
    def said(self) -> tuple[ChatTurn, ...]:
        """Those of them in which anything is said; audits and annotations count turns in this order."""
        return tuple(turn for turn in self.spoken if not turn.blank)

    @property
    def begun(self) -> datetime | None:
        """When the first turn with a time was."""
        return next((turn.at for turn in self.turns if turn.at is not None), None)
