"""`tactful gym audit`: where is a simulator unlike people?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, finite
from tactful.cli.output import next_command, quoted, say, tell_found


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
    scenes: Annotated[
        list[str] | None,
        typer.Option(
            "--scenes",
            help="With --parameters: scenes on which assistants are ranked under both kinds of users: a file, or "
            "`bundled`. May be given several times.",
        ),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option("--parameters", help="Fitted users, as `gym users fit` writes them."),
    ] = None,
    assistant: Annotated[
        list[str] | None,
        typer.Option(
            "--assistant",
            help="Who is ranked: none, always, every:N, gate:FOLDER, policy:PATH. May be given several times; default: "
            "none, every:20, every:5 and always.",
        ),
    ] = None,
    cost_false_alarm: Annotated[
        float,
        typer.Option(
            "--cost-false-alarm",
            min=0,
            callback=finite,
            help="Of an offer that is not accepted; an accepted one is worth 1.",
        ),
    ] = 0.25,
    cost_miss: Annotated[
        float,
        typer.Option(
            "--cost-miss",
            min=0,
            callback=finite,
            help="Of a round in which help was wanted and none offered.",
        ),
    ] = 0.0,
    passes: Annotated[int, typer.Option("--passes", min=1, help="Times that each scene is played.")] = 2,
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
    With --scenes and --parameters it says whether assistants rank otherwise under fitted users.
    """
    from tactful.api.gym.audit import ASSISTANTS, audit_gym
    from tactful.gym.card.page import PAGE, card_lines

    found = audit_gym(
        run,
        against=against or None,
        out=out,
        scenes=scenes or None,
        parameters=parameters,
        assistants=assistant or ASSISTANTS,
        cost_false_alarm=cost_false_alarm,
        cost_miss=cost_miss,
        passes=passes,
        limit=limit,
        seed=seed,
    )
    tell_found(found, card_lines, as_json=as_json)
    for note in dict.fromkeys(found.notes):
        say(f"note: {note}")
    say(found.headline)
    if out is not None:
        say(f"page: {out / PAGE}")
    if found.is_of_few:
        next_command("tactful gym run SCENES --model offline")
    elif found.against is None:
        next_command(f"tactful gym audit {quoted(run)} --against EVENTS")
