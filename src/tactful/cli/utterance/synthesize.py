"""`tactful utterance synthesize`: dialogues become training data for predicting the user's next message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, LogFlags, ModelOption, RunFlags, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say, tell_end, tell_forecast
from tactful.cli.utterance.options import DialoguesArgument, ReasoningFlags, TargetsOption

if TYPE_CHECKING:
    from tactful.api.utterance.synthesize import SynthesisRun


def synthesize(
    source: DialoguesArgument,
    *,
    model: ModelOption,
    targets: TargetsOption = "sample:1",
    contrast: Annotated[
        Literal["path", "category", "both"],
        typer.Option("--contrast", help="In what the rejected side differs from the chosen one."),
    ] = "path",
    high: Annotated[
        float,
        typer.Option(
            "--high", min=0, max=1, help="Best similarity from which an insight is chosen as it is."
        ),
    ] = 0.8,
    low: Annotated[
        float,
        typer.Option("--low", min=0, max=1, help="Best similarity below which it is rejected as it is."),
    ] = 0.3,
    min_gap: Annotated[
        float,
        typer.Option("--min-gap", min=0, max=1, help="Least best(chosen) - best(rejected) of a kept pair."),
    ] = 0.2,
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=500, help="Longest context that is sent whole, in characters.")
    ] = 24_000,
    log: LogFlags,
    at: ReasoningFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn dialogues into reasoned, contrastive training data for predicting the user's next message.

    Example: `tactful utterance synthesize dialogues.jsonl --model offline --out runs/utterance`

    With an endpoint: `tactful utterance synthesize dialogues.jsonl --model gpt-4.1-mini --budget-usd 2`
    """
    from tactful.api.utterance import synthesize as synthesis

    chosen: synthesis.SynthesizeOptions = {
        "targets": targets,
        "contrast": contrast,
        "high": high,
        "low": low,
        "min_gap": min_gap,
        "max_chars": max_chars,
        "skip_bad": skip_bad,
        "reading": log.given(),
        **at.given(),
        **run.given(),
    }
    if dry_run:
        expected = synthesis.forecast_synthesize(source, model=model, **chosen)
        words = (
            f"{expected.targets} targets, {expected.dialogues_without_target} dialogues without one; estimated from "
            "above, nothing was sent:"
        )
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _tell(synthesis.synthesize(source, model=model, **chosen), as_json=as_json)


def _tell(run: SynthesisRun, *, as_json: bool) -> None:
    told, found = run.details, run.made
    if as_json:
        emit_json(told)
    else:
        print_lines(*found.lines())
    read = told["dialogues"]
    say(f"{read['read']} dialogues, {read['without_target']} of them without a target, {found.pairs} pairs")
    for reason, count in told["targets"]["skipped_because"].items():
        say(f"  skipped {count}: {reason}")
    tell_end(run)
    if found.pairs:
        next_command(f"tactful data export {quoted(run.folder)} --to trl --out training")
