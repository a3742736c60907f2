"""`tactful feedback evaluate`: a judge against the labels of people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.feedback.options import ChoiceFlags, ConfidenceOption, LabelledArgument, tell_left_out
from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import next_command, quoted, say, tell_found


def evaluate(
    labelled: LabelledArgument,
    *,
    by: ChoiceFlags,
    confidence: ConfidenceOption = None,
    attacks: Annotated[
        bool,
        typer.Option(
            "--attacks", help="embedded: also try to buy praise: fishing, orders, padding; flip rates."
        ),
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the page with plots here.")] = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure a judge against labels of people: by source, beside baselines, with intervals by dialogue.

    Example: `tactful feedback evaluate labelled.jsonl --model embedded --cross-fit 5 --html feedback.html`

    With `--cross-fit` and several sources it also trains on each and tests on the others.
    """
    from tactful.api.feedback.labelled import evaluate_feedback_judge
    from tactful.evaluation.feedback.report import write_page

    found = evaluate_feedback_judge(
        labelled, confidence=confidence, attacks=attacks, skip_bad=skip_bad, **by.given()
    )
    tell_left_out(found.left_out)
    for note in found.notes:
        say(note)
    tell_found(found, as_json=as_json)
    if html is not None:
        write_page(found, html)
        say(f"page: {html}")
    files = " ".join(map(quoted, labelled))
    if by.cross_fit is not None and by.trained is None:
        next_command(f"tactful feedback train {files} --out judge.npz")
        return
    next_command(f"tactful feedback fit-confidence {files} {by.words()} --out confidence.json")
