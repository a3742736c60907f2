"""The exchanges of a chat log."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.feedback.chats import Turns


def chats(
    source: Path | str | Iterable[Mapping[str, Any]],
    *,
    skip_bad: bool = False,
    reading: LogReading | None = None,
) -> Turns:
    """The turns of a chat log: a query, its answer, and what the user wrote next. Read as they are asked for.

    `source` is a file of dialogues (`conversation` or `messages` in each row), or the dialogues themselves. An answer
    without a query or without a follow-up is no turn; `.count` tells how many there were. `reading`: how the log is read,
    as in `tf.conversations`.

    Raises, while iterating: DataError for a row that cannot be used (unless `skip_bad`, then `.rows.bad` counts).

    >>> import tactful as tf
    >>> said = ["Write a haiku", "Leaves fall in autumn", "no, about the sea please", "Waves", "perfect, thank you"]
    >>> roles = ["user", "assistant", "user", "assistant", "user"]
    >>> talk = [{"role": role, "content": text} for role, text in zip(roles, said)]
    >>> [turn.user_next for turn in tf.chats([{"id": "a", "conversation": talk}])]
    ['no, about the sea please', 'perfect, thank you']
    """
    from tactful.data.logs import LogOptions, log_input
    from tactful.feedback.chats import Turns

    place = log_input(Path(source)) if isinstance(source, str | os.PathLike) else list(source)
    return Turns(place, skip_bad=skip_bad, reading=LogOptions.of(reading))
