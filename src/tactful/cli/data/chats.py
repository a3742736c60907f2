"""`tactful data import chats`: chat logs of any product as conversations."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, LogFlags
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.logs import Log


def chats(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILES…", help="Logs, or folders of logs; `-` is standard input."),
    ],
    *,
    log: LogFlags,
    out: Annotated[
        Path, typer.Option("--out", help="File of conversations to write; `-` is standard output.")
    ] = Path("conversations.jsonl"),
    as_json: JsonFlag = False,
) -> None:
    """Turn chat logs into conversations, redacted, users hashed; says what was skipped and what was cut.

    Example: `tactful data import chats export.json traces/ --out conversations.jsonl`

    Reads OpenAI messages, ShareGPT, Langfuse, LangSmith, OpenTelemetry, Claude Code, Codex, ATIF, ChatGPT, Claude.ai, Open
    WebUI, LibreChat, WildChat, LMSYS, CSV and Parquet; packed, indented or in UTF-16. Nothing leaves this machine.
    """
    from tactful.api.data.conversations import conversations
    from tactful.data.io import STDIN, write_jsonl
    from tactful.types import TAG

    if str(out) != STDIN and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    found = conversations(files, **log.given())
    rows = iter(found)
    first = next(rows, None)
    if first is None:
        why = (
            found.problems[0]
            if found.problems
            else ("the file holds" if found.files == 1 else f"the {found.files} files hold") + " none"
        )
        raise DataError.at(
            ", ".join(map(str, files)), None, f"no conversation was found ({why})", fix="give chat logs"
        )
    write_jsonl(
        out,
        (
            {TAG: item.row_kind, **item.model_dump(mode="json", exclude_defaults=True)}
            for item in chain([first], rows)
        ),
    )
    if as_json and str(out) != STDIN:
        emit_json({**found.counts(), "out": str(out)})
        return
    tell_log(found)
    if str(out) != STDIN:
        next_command(f"tactful feedback judge {quoted(out)} --model embedded")


def tell_log(found: Log) -> None:
    """What a log held, what was passed over, what could not be read, what was cut; on stderr."""
    from tactful.text.counting import counted

    formats = ", ".join(f"{count} {name}" for name, count in found.formats.most_common())
    say(
        f"{counted(found.conversations, 'conversation')} ({formats}), {counted(found.turns, 'turn')}, "
        f"from {counted(found.files, 'file')}"
    )
    for reason, count in found.skipped.most_common():
        say(f"skipped {count}: {reason}")
    if found.bad:
        say(f"could not be read: {found.bad}; the first: {found.problems[0]}")
    cut = ", ".join(f"{count} {kind}" for kind, count in found.cut.most_common())
    say(f"redacted: {cut or 'nothing'}" if found.options.redact else "redacted: nothing, as asked")
