"""`tactful replay`: what a policy would have decided at every turn of a log."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import EmbeddedReaderOption, JsonFlag, LimitOption, LogFlags, SeedOption, StrictFlag
from tactful.cli.output import say, tell_found


def replay(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOGS...", help="Chat logs, or the folder of `tactful learn`."),
    ],
    *,
    policy: Annotated[
        str,
        typer.Option(
            "--policy", help="A policy's file, or cost, rule, random, always-Execute, always-Clarify."
        ),
    ],
    against: Annotated[
        str | None, typer.Option("--against", help="Another policy; default: what the log's assistant did.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="New folder for the run, `replay.md`, `replay.json`, `decisions.jsonl`; default: logs get one in `runs/`.",
        ),
    ] = None,
    reader: EmbeddedReaderOption = "encoder",
    log: LogFlags,
    limit: LimitOption = None,
    seed: SeedOption = 0,
    strict: StrictFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide every turn of a log anew, and show what would have changed: for the better, for the worse, not known.

    Example: `tactful replay learned --policy learned/policy.json --out replayed`

    Two policies: `tactful replay logs/ --policy new.json --against old.json`. Where the assistant's messages carry a
    `propensity` (the probability with which it did what it did), the share of right decisions is estimated off policy; with
    too few decisions that count, the estimate is refused.
    """
    from tactful.api.mend import replay as replayed
    from tactful.mend.replaying.page import FLATTERED, replay_lines

    found = replayed(
        list(logs),
        policy=policy,
        against=against,
        out=out,
        reader=reader,
        limit=limit,
        seed=seed,
        skip_bad=not strict,
        reading=log.given(),
    )
    tell_found(found, replay_lines, as_json=as_json)
    say(f"mind: {FLATTERED}")
    if found.folder:
        say(f"the turns that would have been decided otherwise: {Path(found.folder) / 'replay.md'}")
        say(f"every turn: tactful view {shlex.quote(str(Path(found.folder) / 'decisions.jsonl'))}")
