"""`tactful gym stats`: what is in episodes, traces and logs of work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption
from tactful.cli.output import next_command, quoted, say, tell_found


def stats(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN|TRACES|EVENTS…",
            help="Runs of `gym run`, files of episodes, folders of ProactiveBench's traces, moments, imported activity.",
        ),
    ],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="New folder for stats.html and stats.json.")
    ] = None,
    pictures: Annotated[
        int, typer.Option("--pictures", min=0, max=200, help="Instances whose time line the page draws.")
    ] = 12,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Count instances, events and offers by setting, acceptance by where the work stood, gaps, burstiness and endings.

    Example: `tactful gym stats runs/gym --out stats`

    Beside recorded work: `tactful gym stats runs/gym proactivebench/traces --out stats`
    """
    from tactful.api.gym.stats import gym_stats
    from tactful.gym.stats.page import PAGE
    from tactful.gym.stats.telling import headline, stats_lines

    found = gym_stats(*sources, out=out, pictures=pictures, seed=seed)
    tell_found(found, stats_lines, as_json=as_json)
    say(headline(found))
    if out is not None:
        say(f"page: {out / PAGE}")
    else:
        next_command(f"tactful gym stats {' '.join(map(quoted, sources))} --out stats")
