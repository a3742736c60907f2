"""`tactful live export`: kept conversations as a log, answered offers as moments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from tactful.cli.live.options import DatabaseOption
from tactful.cli.output import next_command, quoted, say
from tactful.errors import UsageError, UserError


def export(
    *,
    database: DatabaseOption = "live.sqlite",
    offers: Annotated[
        bool,
        typer.Option(
            "--offers", help="Write what `live watch` offered and somebody answered, for `reward train`."
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="File to write; `-` is standard output. Default: conversations.jsonl, or moments.jsonl with --offers.",
        ),
    ] = None,
) -> None:
    """Write the conversations that were kept with their texts as a log for `audit`, `learn` and `replay`.

    Example: `tactful live export --database live.sqlite --out conversations.jsonl`

    Texts are kept with `--keep-texts` alone. The assistant's turns carry the `propensity` of what it did where it was told
    and did so. The answer to the last request of a conversation is not known, and not written.
    """
    from tactful.data.io import STDIN, write_jsonl
    from tactful.text.counting import counted

    place = out or Path("moments.jsonl" if offers else "conversations.jsonl")
    if str(place) != STDIN and place.exists():
        raise UsageError(f"{place}: exists already; give --out a new name")
    rows = _moments(database) if offers else _conversations(database)
    first = next(rows, None)
    if first is None:
        what = (
            "answered offer was kept with what was seen" if offers else "conversation was kept with its texts"
        )
        start = "the watcher" if offers else "the proxy or server"
        raise UserError(f"{database}: no {what}; start {start} with --keep-texts")
    count = write_jsonl(place, chain([first], rows))
    say(f"{counted(count, 'moment' if offers else 'conversation')} written")
    if str(place) != STDIN:
        next_command(
            f"tactful reward train {quoted(place)} --out model"
            if offers
            else f"tactful audit {quoted(place)}"
        )


def _conversations(database: str) -> Iterator[dict[str, Any]]:
    from tactful.api.live.export import live_conversations
    from tactful.types import TAG

    for one in live_conversations(database):
        yield {TAG: one.row_kind, **one.model_dump(mode="json", exclude_defaults=True)}


def _moments(database: str) -> Iterator[dict[str, Any]]:
    from tactful.api.live.watch import live_moments
    from tactful.data.formats.moments import moment_row

    yield from map(moment_row, live_moments(database))
