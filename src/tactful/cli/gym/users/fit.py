"""`tactful gym users fit`: the parameters of the rules by a log of people at work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import next_command, quoted, say, tell_found


def fit(
    events: Annotated[
        list[Path],
        typer.Argument(
            metavar="EVENTS|MOMENTS...",
            help="People at work: ProactiveBench's traces, imported activity, moments; labelled ones say how offers "
            "were taken.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New TOML file of parameters.")],
    setting: Annotated[
        Literal["coding", "writing", "daily"] | None,
        typer.Option("--setting", help="Whose work it is; default: all three settings get the same."),
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Fit the simulated people to a log: gaps, mistakes, length of sessions, when help is wanted and taken.

    Example: `tactful gym users fit traces/ reward_train.jsonl --out users.toml`

    What the log does not show stays at its default and is named. `gym run --parameters` plays with the file, and `gym
    audit --parameters` says whether assistants rank otherwise under it.
    """
    from tactful.api.gym.users import fit_gym_users
    from tactful.gym.card.page import table_lines
    from tactful.gym.fitting.writing import fitted_rows

    found = fit_gym_users(events, out=out, settings=None if setting is None else [setting], seed=seed)
    tell_found(found, lambda one: table_lines(fitted_rows(one)), as_json=as_json)
    say("left at the default:")
    for key, why in found.left.items():
        say(f"  {key}: {why}")
    say(f"parameters: {out}")
    next_command(f"tactful gym run SCENES --model offline --parameters {quoted(out)}")
