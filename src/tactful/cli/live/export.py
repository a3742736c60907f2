"""`tactful live export`: kept conversations as a log."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.live.options import DatabaseOption
from tactful.cli.output import next_command, quoted, say
from tactful.errors import UsageError, UserError


def export(
    *,
    database: DatabaseOption = "live.sqlite",
    out: Annotated[
        Path, typer.Option("--out", help="File of conversations to write; `-` is standard output.")
    ] = Path("conversations.jsonl"),
) -> None:
    """Write the conversations that were kept with their texts as a log for `audit`, `learn` and `replay`.

    Example: `tactful live export --database live.sqlite --out conversations.jsonl`

    Texts are kept with `--keep-texts` alone. The assistant's turns carry the `propensity` of what it did where it was told
    and did so. The answer to the last request of a conversation is not known, and not written.
    """
    from tactful.api.live.export import live_conversations
    from tactful.data.io import STDIN, write_jsonl
    from tactful.text.counting import counted
    from tactful.types import TAG

    if str(out) != STDIN and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    found = live_conversations(database)
    first = next(found, None)
    if first is None:
        raise UserError(
            f"{database}: no conversation was kept with its texts; start the proxy or server with --keep-texts"
        )
    rows = (
        {TAG: one.row_kind, **one.model_dump(mode="json", exclude_defaults=True)}
        for one in chain([first], found)
    )
    count = write_jsonl(out, rows)
    say(f"{counted(count, 'conversation')} written")
    if str(out) != STDIN:
        next_command(f"tactful audit {quoted(out)}")
