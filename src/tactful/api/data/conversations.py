"""Conversations from chat logs of any product."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from tactful.api.options import takes
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.logs import Columns, Log


class LogReading(TypedDict, total=False):
    """How logs are read."""

    format: str | None
    """Name of the format; None: recognised by the first rows of each file."""
    columns: Columns | None
    """Names of a table's columns, where they are not the usual ones."""
    keep_users: bool
    """Names of users stay as the log has them, in place of hashes."""
    redact: bool
    """False: secrets, e-mail addresses, phone and card numbers and folders stay in the texts."""
    strict: bool
    """The first row that cannot be read raises DataError, in place of being counted in `.bad`."""


@takes(LogReading)
def conversations(
    logs: Sequence[os.PathLike[str] | str] | os.PathLike[str] | str, **reading: Unpack[LogReading]
) -> Log:
    """The conversations of chat logs: files, folders of them, `-` for standard input; streamed, as often as wished.

    Texts are redacted and users hashed on the way in. After a pass, `.skipped`, `.bad` and `.cut` say what was passed
    over, could not be read, and was redacted.

    Raises UsageError for a format that is not known; while iterating, UserError for what cannot be opened.

    >>> import json, pathlib, tactful as tf
    >>> talk = [{"role": "user", "content": "Mail ann@example.com"}, {"role": "assistant", "content": "Now?"}]
    >>> _ = pathlib.Path("log.jsonl").write_text(json.dumps({"messages": talk}))
    >>> log = tf.conversations("log.jsonl")
    >>> [[turn.content for turn in conversation.turns] for conversation in log], dict(log.cut)
    ([['Mail [EMAIL]', 'Now?']], {'email': 1})
    """
    from tactful.data.logs import read_conversations

    paths = [logs] if isinstance(logs, str | os.PathLike) else list(logs)
    if not paths:
        raise UsageError("no log was given; give files or folders")
    return read_conversations([Path(path) for path in paths], **reading)
