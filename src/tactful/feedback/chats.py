"""From chat logs to turns: every (q_t, a_t, q_{t+1}) of a dialogue, read lazily and all accounted for.

Every answer of the assistant is a turn, or an opening that nobody asked for, or the last one without a follow-up:
`Extraction` counts them, so that `answers = turns + no_query + no_follow_up`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, field_validator, model_validator

from tactful.data.formats.chats import (
    ASSISTANT,
    UNHEARD,
    USER,
    ChatMessage,
    ChatRows,
    Dialogue,
)
from tactful.data.io import Rows
from tactful.data.logs import LogOptions
from tactful.feedback.labels import Label
from tactful.feedback.types import LabelledTurn, Turn
from tactful.runs import Job, reopening, worth_counting
from tactful.text import detect_lang

_TURN_SUFFIX = re.compile(r"(-[A-Za-z]|[/#])(\d+)$")


class ChatRow(Dialogue):
    """One line of a chat log: a whole dialogue, or one exchange with the user's next message."""

    conversation: tuple[ChatMessage, ...] = ()
    q_t: str | None = None
    a_t: str | None = None
    user_next: str | None = None
    """Given: the row is one exchange (`conversation` ends with the assistant, or `q_t` and `a_t`)."""
    dialogue_id: str = ""
    label7: Label | None = None
    accept: tuple[Label, ...] = Field(default=(), repr=False)

    @field_validator("dialogue_id", "conversation", "accept", mode="before")
    @classmethod
    def _null_is_absent(cls, given: Any) -> Any:
        return given if given is not None else ()

    @model_validator(mode="after")
    def _one_exchange(self) -> ChatRow:
        if self.q_t is not None and self.conversation:
            raise ValueError("has both 'conversation' and 'q_t'; keep one")
        if self.user_next is None and not self.conversation:
            raise ValueError("holds no 'conversation' (or 'messages'), and no 'q_t', 'a_t', 'user_next'")
        if self.user_next is not None and self.q_t is None and not self.conversation:
            raise ValueError("has 'user_next' but neither a 'conversation' nor 'q_t' and 'a_t'")
        if self.q_t is not None and self.a_t is None:
            raise ValueError("has 'q_t' but no 'a_t'")
        heard = [message.role for message in self.conversation if message.role not in UNHEARD]
        if self.user_next is not None and heard and heard[-1] != ASSISTANT:
            raise ValueError("has 'user_next', but its conversation does not end with the assistant")
        return self


@dataclass
class Extraction:
    """What became of the dialogues that were read so far."""

    dialogues: int = 0
    answers: int = 0
    """Messages of the assistant, several in a row counted as one."""
    turns: int = 0
    no_query: int = 0
    """Openings of the assistant that nobody had asked for."""
    no_follow_up: int = 0
    """Answers after which the user wrote nothing."""
    blank_user_messages: int = 0
    """Left out as if they were not there."""
    dialogues_without_turn: int = 0
    _seen: set[int] = field(default_factory=set)

    def is_new(self, source: str, dialogue_id: str) -> bool:
        """Whether the dialogue of a row about one exchange comes for the first time: its rows may stand anywhere."""
        key = hash((source, dialogue_id))
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def as_dict(self) -> dict[str, int]:
        """For summaries."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name[0] != "_"}


@dataclass
class Turns:
    """The turns of a chat file, read as they are asked for; iterating again starts over.

    Raises, while iterating: UserError when the file cannot be opened, DataError at the first bad line, a second row of
    one id among them (unless `skip_bad`, which counts them in `.rows.bad`).
    """

    path: Path | str | Sequence[Any]
    """Of the file; or the rows themselves."""
    skip_bad: bool = False
    reading: LogOptions = field(default_factory=LogOptions)
    count: Extraction = field(default_factory=Extraction)
    rows: Rows[ChatRow] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = ChatRows(self.path, ChatRow, skip_bad=self.skip_bad, unique=True, reading=self.reading)

    def __iter__(self) -> Iterator[Turn]:
        self.count = Extraction()
        for row in self.rows:
            yield from turns_of(row, self.count)

    def job(self, job: Job) -> Job:
        """The job over these turns: with their number, where counting is cheap, and for `runs retry`."""
        again = None
        if self.rows.given is None:
            again = reopening(Path(self.rows.path), skip_bad=self.skip_bad, reading=self.reading.stored)
        total = None
        if self.rows.given is not None or worth_counting(Path(self.rows.path)):
            bare = replace(self.reading, redact=False)  # turns are as many, and only their number is kept
            total = sum(1 for _ in Turns(self.path, skip_bad=True, reading=bare))
        return replace(job, source=self, total=total, resume_args=again)


def turns_of(row: ChatRow, count: Extraction | None = None) -> Iterator[Turn]:
    """The turns of one dialogue in order; `count` is added to."""
    count = count if count is not None else Extraction()
    count.dialogues += row.user_next is None or count.is_new(row.source, dialogue_of(row))
    found = 0
    for turn in _turns(row, count):
        found += 1
        yield turn
    count.turns += found
    count.dialogues_without_turn += not found


def dialogue_of(row: ChatRow) -> str:
    """The dialogue that a row is, or is an exchange of."""
    return row.dialogue_id or (_TURN_SUFFIX.sub("", row.id) if row.user_next is not None else row.id)


def number_of(turn: Turn) -> int:
    """What the turn suffix of its id counts, 4 of `-S4`; 0 where its id is not the dialogue's with such a suffix."""
    found = _TURN_SUFFIX.search(turn.id)
    if found is None or turn.id[: found.start()] != turn.dialogue_id:
        return 0
    return int(found[2])


def spoken(row: ChatRow, count: Extraction | None = None) -> list[tuple[str, str, dict[str, JsonValue]]]:
    """(role, text, extra keys) of user and assistant in turn: several messages of one in a row are one."""
    return list(_merged(_messages(row), count if count is not None else Extraction()))


def _turns(row: ChatRow, count: Extraction) -> Iterator[Turn]:
    said = spoken(row, count)
    dialogue_id = dialogue_of(row)
    answers = list(enumerate(at for at, (role, _, _) in enumerate(said) if role == ASSISTANT))
    if row.user_next is not None:  # a row about one exchange: what came before it is history
        answers = answers[-1:]
    for index, at in answers:
        count.answers += 1
        if at == 0:
            count.no_query += 1
        elif at + 1 == len(said):
            count.no_follow_up += 1
        else:
            query, (_, answer, extra), follow_up = said[at - 1], said[at], said[at + 1]
            yield Turn(
                id=row.id if row.user_next is not None else f"{row.id}/{index}",
                q_t=query[1],
                a_t=answer,
                user_next=follow_up[1],
                dialogue_id=dialogue_id,
                index=index,
                source=row.source,
                lang=row.lang or detect_lang(f"{query[1]} {follow_up[1]}"),
                meta={**(row.model_extra or {}), **extra},
            )


def _messages(row: ChatRow) -> list[ChatMessage]:
    if row.user_next is None:
        return list(row.conversation)
    before = list(row.conversation)
    if row.q_t is not None:
        before = [_said(USER, row.q_t), _said(ASSISTANT, row.a_t or "")]
    return [*before, _said(USER, row.user_next)]


def _said(role: str, text: str) -> ChatMessage:
    return ChatMessage.model_validate({"role": role, "content": text})


def _merged(
    messages: Sequence[ChatMessage], count: Extraction
) -> Iterator[tuple[str, str, dict[str, JsonValue]]]:
    """(role, text, extra keys) with several messages of one role in a row as one; blank user messages left out."""
    heard: list[ChatMessage] = []
    for message in messages:
        if message.role in UNHEARD:
            continue
        if message.role == USER and not message.content.strip():
            count.blank_user_messages += 1
            continue
        heard.append(message)
    for role, group in groupby(heard, key=lambda message: message.role):
        parts = list(group)
        text = "\n".join(part.content for part in parts if part.content)
        extra: dict[str, JsonValue] = {}
        for part in parts:
            extra |= part.model_extra or {}
        yield role, text, extra


# ---------------------------------------------------------------- labelled rows


class LabelledRow(ChatRow):
    """One exchange with a person's label of the user's next message."""

    @model_validator(mode="after")
    def _has_next(self) -> LabelledRow:
        if self.user_next is None:
            raise ValueError("has no 'user_next', the message that the label is about")
        return self


@dataclass
class LabelledTurns:
    """Labelled rows as turns. What has no label or no query is counted out, not guessed.

    A row: `conversation` that ends with the assistant, or `q_t` and `a_t`; `user_next`; `label7`; optional `accept`,
    `source`, `lang`, `dialogue_id` (default: the id without its turn suffix, `-S4`, `/4` or `#4`).
    """

    path: Path | str
    skip_bad: bool = False
    count: Extraction = field(default_factory=Extraction)
    no_label: int = 0
    rows: Rows[LabelledRow] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = ChatRows(self.path, LabelledRow, skip_bad=self.skip_bad, kind="labelled row")

    def __iter__(self) -> Iterator[LabelledTurn]:
        self.count, self.no_label = Extraction(), 0
        for row in self.rows:
            if row.label7 is None:
                self.no_label += 1
                continue
            for turn in turns_of(row, self.count):
                yield LabelledTurn(**dict(turn), label7=row.label7, accept=row.accept)
