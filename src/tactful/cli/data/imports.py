"""`tactful data import mbpp`: public data sets as states."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say


def mbpp(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="MBPP as JSONL (the full set).")
    ] = None,
    *,
    hub: Annotated[
        bool, typer.Option("--hub", help="Take it from the Hugging Face Hub (needs the package `datasets`).")
    ] = False,
    split: Annotated[str, typer.Option("--split", help="Split of the Hub's set.")] = "train",
    out: Annotated[Path, typer.Option("--out", help="States file to write.")] = Path(
        "data/seeds/mbpp_states.jsonl"
    ),
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    unsafe_exec: Annotated[
        bool, typer.Option("--unsafe-exec", help="Run the references even where no cage is at hand.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn MBPP into states: half name the function and show a test, half do not; references are run first.

    Example: `tactful data import mbpp mbpp.jsonl --out data/seeds/mbpp_states.jsonl`

    Tasks whose own reference fails go to a file beside, with the reason. Clarity and complexity are estimated from
    the text. The counts add up: read = imported + quarantined + bad.
    """
    from tactful.api.data.mbpp import import_mbpp
    from tactful.data.formats.mbpp import quarantine_path

    result = import_mbpp(
        file, out=out, hub=hub, split=split, seed=seed, skip_bad=skip_bad, unsafe_exec=unsafe_exec
    )
    beside = quarantine_path(out)
    counts: dict[str, Any] = {
        "read": result.read,
        "imported": result.imported,
        "quarantined": result.quarantined,
        "bad": result.bad,
        "complete": sum(state.wording == "complete" for state in result.states),
        "open": sum(state.wording == "open" for state in result.states),
        "sandbox_tier": str(result.tier),
        "out": str(out),
        "quarantine": str(beside) if result.quarantine else None,
    }
    for problem in result.problems:
        say(problem)
    if as_json:
        emit_json(counts)
        return
    say(
        f"{result.read} read = {result.imported} imported + {result.quarantined} quarantined + {result.bad} bad; "
        f"{counts['complete']} complete, {counts['open']} open; references ran in tier '{result.tier}'"
    )
    if result.quarantine:
        say(f"quarantined, with reasons: {beside}")
    next_command(f"tactful calibrate rollout {quoted(out)} --model offline")
