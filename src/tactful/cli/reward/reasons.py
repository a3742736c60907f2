"""`tactful reward reasons`: the thoughts that lead to people's verdicts, each checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    DryRunFlag,
    JsonFlag,
    MaxCharsOption,
    ModelOption,
    RunFlags,
    SkipBadFlag,
    ThinkingFlags,
)
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    print_lines,
    quoted,
    say,
    tell_bad,
    tell_failures,
    tell_forecast,
)

if TYPE_CHECKING:
    from tactful.api.reward.reasons import ReasonsOptions, ReasonsRun


def reasons(
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="JSONL of annotated moments (`obs`, `pred_task`, `valid`); `-` is stdin."
        ),
    ],
    *,
    model: ModelOption,
    checks: Annotated[
        int, typer.Option("--checks", min=1, help="Re-derivations from the thought alone; all must agree.")
    ] = 5,
    tries: Annotated[
        int, typer.Option("--tries", min=1, help="Most thoughts asked for per moment; then it is skipped.")
    ] = 3,
    max_chars: MaxCharsOption = None,
    at: ThinkingFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the thoughts that lead to people's verdicts, kept only when checks re-derive the verdict from them.

    Example: `tactful reward reasons annotated.jsonl --model offline --out runs/reasons`

    With an endpoint: `tactful reward reasons annotated.jsonl --model gpt-4.1-mini --budget-usd 5`
    """
    from tactful.api.reward.reasons import forecast_reasons
    from tactful.api.reward.reasons import reasons as write_reasons

    chosen: ReasonsOptions = {"checks": checks, "tries": tries, "skip_bad": skip_bad}
    if max_chars is not None:
        chosen["max_chars"] = max_chars
    chosen = {**chosen, **at.given(), **run.given()}
    if dry_run:
        expected = forecast_reasons(source, model=model, **chosen)
        words = f"{expected.moments} moments; estimated, nothing was sent:"
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _report(write_reasons(source, model=model, **chosen), model, as_json=as_json)


def _report(run: ReasonsRun, model: str, *, as_json: bool) -> None:
    result, summary = run.as_dict(), run.summary
    if as_json:
        emit_json(result)
    else:
        for name, count in result["categories"].items():
            print_lines(f"{name.ljust(16)} {count:>7}")
    if model == "offline":
        say("a rehearsal: set phrases, no language model wrote these thoughts; train no judge on them")
    tell_bad(run)
    say(
        f"{summary.done} thoughts kept of {summary.read} moments, {summary.skipped} skipped, "
        f"{summary.failed} failed; in {run.folder}"
    )
    for reason, count in result["moments"]["skipped_because"].items():
        say(f"  skipped {count}: {reason}")
    tell_failures(summary)
    end_empty(summary)
    if summary.done:
        next_command(
            f"tactful reward export {quoted(run.folder)} --to llama-factory --balance categories --out training"
        )
