"""`tactful live status`: figures, and the kill switch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.live.options import DatabaseOption
from tactful.cli.options import JsonFlag
from tactful.cli.output import next_command, quoted, tell_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tactful.live.showing.status import LiveStatus


def status(
    *,
    database: DatabaseOption = "live.sqlite",
    kill: Annotated[
        bool | None,
        typer.Option(
            "--kill/--unkill", help="Turn the kill switch on or off: with it, nobody is told anything."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what was decided, what came of it, and how many assistants were told; turn the kill switch.

    Example: `tactful live status --database live.sqlite --kill`

    Whoever works on this database notices the switch within two seconds; decisions are still made and stored.
    """
    from tactful.api.live.status import live_status

    found = live_status(database, kill=kill)
    tell_found(found, _lines, as_json=as_json)
    if found.with_texts and not as_json:
        next_command(f"tactful live export --database {quoted(database)} --out conversations.jsonl")


def _lines(found: LiveStatus) -> Iterator[str]:
    from tactful.text.counting import counted

    yield f"kill switch: {'on, no assistant is told anything' if found.killed else 'off'}"
    when = f", {found.first_at:%Y-%m-%d %H:%M} to {found.last_at:%Y-%m-%d %H:%M} UTC" if found.last_at else ""
    yield f"decided: {counted(found.turns, 'turn')} of {counted(found.conversations, 'conversation')}{when}"
    yield f"advice to ask: {counted(found.asks, 'turn')}"
    if found.share is not None:
        yield f"assistant told: {counted(found.treated, 'turn')} ({found.share:.0%})"
    came = ", ".join(f"{count} {outcome}" for outcome, count in found.observed.items())
    yield f"what came of it: {came or 'nothing is known yet'}"
    yield f"users: {found.named_users} named, {found.known_users} with something learned"
    yield f"texts kept: {counted(found.with_texts, 'conversation')}"
    yield f"size: {found.bytes / 1e6:.1f} MB"
