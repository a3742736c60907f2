"""`tactful feedback fit-confidence`: what a judge's confidence means, learnt from labelled turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.feedback.options import ChoiceFlags, LabelledArgument, tell_left_out
from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say
from tactful.errors import UsageError


def fit_confidence(
    labelled: LabelledArgument,
    *,
    out: Annotated[Path, typer.Option("--out", help="The confidence map to write (JSON).")],
    by: ChoiceFlags,
    method: Annotated[
        Literal["auto", "platt", "isotonic"],
        typer.Option("--method", help="Form of the map; `auto` takes what predicts better out of fold."),
    ] = "auto",
    tolerant: Annotated[
        bool, typer.Option("--tolerant", help="A label listed in `accept` counts as right.")
    ] = False,
    precision: Annotated[
        float, typer.Option("--precision", min=0, max=1, help="Print τ_c for this share of right labels.")
    ] = 0.8,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Learn what the judge's confidence means: the probability of being right, per source, out of fold.

    Example: `tactful feedback fit-confidence labelled.jsonl --model embedded --out confidence.json`

    With a trained judge whose training turns these are, add `--cross-fit 5`: what a model says of its own training
    turns is too sure.
    """
    from tactful.api.feedback.labelled import fitted_confidence

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    found, skipped, judged = fitted_confidence(
        labelled, method=method, tolerant=tolerant, skip_bad=skip_bad, **by.given()
    )
    found.save(out)
    tell_left_out(judged.left_out)
    for note in judged.notes:
        say(note)
    for source, why in skipped.items():
        say(f"{source}: no map ({why}); its confidences stay as stated")
    if as_json:
        emit_json({"out": str(out), "not_fitted": skipped, **found.model_dump(mode="json", exclude={"seen"})})
    else:
        print_lines(*found.lines(precision))
    if by.judged is not None:
        return
    next_command(
        f"tactful feedback judge CHATS.jsonl {replace(by, cross_fit=None).words()} --confidence {quoted(out)} "
        f"--precision {precision:g}"
    )
