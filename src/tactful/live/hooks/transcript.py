"""The session so far, out of the log that the agent itself keeps: the end of it, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tactful.data.logs.json_rows import loads
from tactful.data.logs.readers.claude_code import CLAUDE_CODE
from tactful.data.logs.readers.codex import CODEX
from tactful.data.logs.types import Notes
from tactful.text.quoting.shorten import shortened
from tactful.types import ChatTurn, Message, NativeAsk

_READ, _MOST = 4 * 1024 * 1024, 64 * 1024 * 1024
"""Bytes of the log's end that are read at first, and at most, where they hold fewer turns than an advisor sees."""
_TURNS = 31
"""That an advisor sees, the request with them."""
_LONGEST = 8_000
"""Characters of one message."""


def turns_of(log: Path, session: str) -> list[ChatTurn]:
    """What user and assistant said, oldest first. A missing log is empty."""
    try:
        with log.open("rb") as file:
            size, read = file.seek(0, 2), _READ
            while True:
                file.seek(max(0, size - read))
                turns = _turns_in(file.read(read).split(b"\n")[size > read :], session)
                last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=0)
                if last >= _TURNS or read >= min(size, _MOST):  # the first turn may lack its beginning
                    return turns
                read *= 4
    except FileNotFoundError:
        return []


def _turns_in(lines: Sequence[bytes], session: str) -> list[ChatTurn]:
    rows = [row for line in lines if isinstance(row := _row(line), dict)]
    kind = next((one for one in (CLAUDE_CODE, CODEX) if any(one.is_one(row) for row in rows[:50])), None)
    if kind is None:
        return []
    found = [draft for _, draft in kind.read(enumerate(rows, 1), Notes(bad=lambda *_: None))]
    draft = next((one for one in reversed(found) if one.id == session), found[-1] if found else None)
    if draft is None:
        return []
    turns = [ChatTurn.model_validate(turn) for turn in draft.as_dict(1)["turns"]]
    return [turn for turn in turns if turn.role in ("user", "assistant") and not turn.blank]


def messages_of(turns: Sequence[ChatTurn]) -> list[Message]:
    """The latest turns as an advisor takes them, long ones shortened: the same at each step of a request that ends them."""
    return [
        Message(
            role="user" if turn.role == "user" else "assistant",
            content=shortened(turn.content.strip(), _LONGEST),
        )
        for turn in turns[-_TURNS:]
    ]


def asked_since(turns: Sequence[ChatTurn]) -> tuple[int, NativeAsk] | None:
    """(place, question) of the last turn that asked by a tool since the user's last request; None: none did."""
    for at in range(len(turns) - 1, -1, -1):
        turn = turns[at]
        if turn.role == "user" and not turn.answers:
            return None
        if turn.ask is not None:
            return at, turn.ask
    return None


def _row(line: bytes) -> Any:
    try:
        return loads(line)
    except ValueError:
        return None
