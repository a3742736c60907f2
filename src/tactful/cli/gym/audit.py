"""`tactful gym audit`: where is a simulator unlike people?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import emit_json, next_command, quoted, say


def audit(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run of `gym run`, or a file of episodes.")],
    *,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="EVENTS",
            help="People at work to hold it against: ProactiveBench's traces, moments, imported activity. May be "
            "given several times.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="New folder for card.html and card.json.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Look at the first N episodes only.")
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Say where a simulator is unlike people: each check with its figure, interval, limit and verdict.

    Example: `tactful gym audit runs/gym --against proactivebench/traces --out card`

    Without --against it looks at the simulator alone: users who accept everything, who never end, persons that cannot
    be told apart, even timing. With it also at what differs, and by what generated sessions are told from recorded ones.
    """
    from tactful.api.gym.audit import audit_gym
    from tactful.gym.card.page import PAGE, card_lines

    found = audit_gym(run, against=against or None, out=out, limit=limit, seed=seed)
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        print(*card_lines(found), sep="\n")
    for note in dict.fromkeys(found.notes):
        say(f"note: {note}")
    say(found.headline)
    if out is not None:
        say(f"page: {out / PAGE}")
    if found.against is None:
        next_command(f"tactful gym audit {quoted(run)} --against EVENTS")
