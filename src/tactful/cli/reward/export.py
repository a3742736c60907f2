"""`tactful reward export`: thoughts and verdicts as training files for a judge that thinks before it judges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, print_lines, quoted, say


def export(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="Run folder of `reward reasons`, or its records file.")
    ],
    to: Annotated[Literal["llama-factory", "trl"], typer.Option("--to", help="The trainer that reads it.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the training files.")],
    layout: Annotated[
        Literal["tactful", "proactivebench"],
        typer.Option(
            "--layout", help="Prompt of our judge, or the message layout that ProactiveBench's scripts send."
        ),
    ] = "tactful",
    balance: Annotated[
        Literal["none", "categories"],
        typer.Option("--balance", help="`categories`: equal total `weight` for each; no row is doubled."),
    ] = "none",
    validation_share: Annotated[
        float,
        typer.Option(
            "--validation-share", min=0, max=0.9, help="Share of the sessions set aside; 0 sets none aside."
        ),
    ] = 0.0,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write thoughts and verdicts as training files for LLaMA-Factory or TRL.

    Example: `tactful reward export runs/reasons --to llama-factory --balance categories --validation-share 0.2 --out training`
    """
    from tactful.reward.reasons.export import export_reasons

    done = export_reasons(
        source,
        to,
        out,
        layout=layout,
        balance=balance,
        validation_share=validation_share,
        seed=seed,
        skip_bad=skip_bad,
    )
    if as_json:
        emit_json({"out": str(out), **done.model_dump(mode="json")})
    else:
        for name, part in done.parts.items():
            print_lines(f"{name}: {part.rows} rows of {part.sessions} sessions")
            for category, count in part.categories.items():
                print_lines(f"  {category.ljust(16)} {count:>6}  weight {part.weights[category]:.3f}")
    if done.bad:
        say(f"{done.bad} unusable lines left out")
    say(f"{done.records} SFT rows and {done.pairs} preference rows in {quoted(out)}, split by session")
    if done.repeated:
        say(f"preference rows left out that repeat an earlier one: {done.repeated}")
    if done.contradicting:
        say(f"preference rows whose moment has the other verdict too, both written: {done.contradicting}")
    if balance != "none" and to == "llama-factory":
        say("LLaMA-Factory passes over the column `weight`: balance there needs a trainer that reads it")
    say(
        "train on it, serve the model, and ask it by this prompt: tactful reward judge DATA --judge NAME --base-url URL"
    )
