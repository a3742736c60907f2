"""`tactful calibrate users fit`: simulated users who take questions as a log's users do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import EmbeddedReaderOption, JsonFlag, LimitOption, LogFlags, SeedOption, StrictFlag
from tactful.cli.output import next_command, quoted, say, tell_found


def fit(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOGS...", help="Chat logs, or the folder of `tactful learn`."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the personas and the realism card.")],
    domain: Annotated[
        str,
        typer.Option("--domain", help="Bundled tasks that policies are ranked on: `planning` or `coding`."),
    ] = "planning",
    tasks: Annotated[int, typer.Option("--tasks", min=8, help="How many of them.")] = 24,
    passes: Annotated[int, typer.Option("--passes", min=1, help="Repeats with fresh luck.")] = 1,
    reader: EmbeddedReaderOption = "encoder",
    log: LogFlags,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    strict: StrictFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fit simulated users to a log, show how real ours are beside it, and whether policies rank otherwise with them.

    Example: `tactful calibrate users fit logs/ --out users`

    `users/personas.toml` goes to `--personas` of `calibrate rollout` and `evaluate`. The realism card compares the log's users,
    the built-in ones and the fitted ones: questions answered, refused and left, corrections, thanks, length of replies.
    """
    from tactful.api.mend import fit_users
    from tactful.mend.users.card import user_lines

    found = fit_users(
        list(logs),
        out=out,
        domain=domain,
        tasks=tasks,
        passes=passes,
        reader=reader,
        limit=limit,
        seed=seed,
        skip_bad=not strict,
        reading=log.given(),
    )
    tell_found(found, user_lines, as_json=as_json)
    say(f"the personas: {out / 'personas.toml'}")
    next_command(f"tactful calibrate rollout STATES --personas {quoted(out / 'personas.toml')}")
