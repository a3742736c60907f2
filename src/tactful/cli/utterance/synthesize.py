"""`tactful utterance synthesize`: dialogues become training data for predicting the user's next message."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, ModelOption, RunFlags, SkipBadFlag
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    quoted,
    say,
    tell_bad,
    tell_calls,
    tell_failures,
)
from tactful.cli.utterance.options import NO_DIALOGUE, DialoguesArgument, ReasoningFlags, TargetsOption
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.runs import RunSummary
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.forecast import SynthesisForecast


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
    from tactful.runs import begun, run_job
    from tactful.utterance.dialogues import open_examples
    from tactful.utterance.forecast import forecast
    from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig, synthesize_job

    if low > high:
        raise UsageError(f"--low {low:g} is above --high {high:g}; the lower threshold comes first")
    config = SynthesizeConfig(
        targets=targets,
        contrast=contrast,
        high=high,
        low=low,
        min_gap=min_gap,
        max_chars=max_chars,
        seed=run.seed,
        assistant=at.spec(model, SCRIPTS, run),
    )
    examples = open_examples(source, targets, seed=run.seed, skip_bad=skip_bad)
    if dry_run:
        _tell_forecast(forecast(examples, config, limit=run.limit), model, as_json=as_json)
        return
    first = begun(iter(examples), examples.rows.name, what="dialogue", fix=NO_DIALOGUE)
    summary = run_job(replace(synthesize_job(config, examples), source=first), run.options())
    _report(summary, examples, as_json=as_json)


def _tell_forecast(expected: SynthesisForecast, model: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    say(
        f"{expected.targets} targets, {expected.dialogues_without_target} dialogues without one; estimated from "
        "above, nothing was sent:"
    )
    tell_calls(model, expected.calls, expected.prompt_tokens, expected.completion_tokens, expected.cost_usd)


def _report(summary: RunSummary, examples: Examples, *, as_json: bool) -> None:
    from tactful.utterance.summary import summarise
    from tactful.utterance.types import PairedExample

    folder = summary.folder
    found = summarise(folder.records(PairedExample))
    skips = {reason: count for _, _, reason, count in folder.reasons("skipped")}
    result = {
        "run": str(folder.path),
        "dialogues": {
            "read": examples.dialogues,
            "without_target": examples.untargeted,
            "bad_lines": examples.rows.bad,
        },
        "targets": {
            "read": summary.read,
            "done": summary.done,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "skipped_because": skips,
        },
        **found.model_dump(mode="json"),
        "usage": summary.usage.model_dump(mode="json"),
    }
    folder.save_summary(result)
    if as_json:
        emit_json(result)
    else:
        print(*found.lines(), sep="\n")
    say(
        f"{examples.dialogues} dialogues, {examples.untargeted} of them without a target, {found.pairs} pairs"
    )
    for reason, count in skips.items():
        say(f"  skipped {count}: {reason}")
    tell_bad(examples.rows)
    tell_failures(summary)
    end_empty(summary)
    if found.pairs:
        next_command(f"tactful data export {quoted(folder.path)} --to trl --out training")
