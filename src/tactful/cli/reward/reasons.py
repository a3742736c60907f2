"""`tactful reward reasons`: the thoughts that lead to people's verdicts, each checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import (
    DryRunFlag,
    JsonFlag,
    MaxCharsOption,
    ModelFlags,
    ModelOption,
    RunFlags,
    SkipBadFlag,
)
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_bad, tell_failures
from tactful.cli.reward.options import tell_forecast
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.reward.pipeline import ReasonsConfig
    from tactful.runs import RunSummary
    from tactful.types import LabelledMoment


@dataclass(frozen=True, kw_only=True)
class ThinkingFlags(ModelFlags):
    """A model that may think before it answers."""

    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included.")
    ] = 4096


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
    from tactful.reward.forecast import forecast_reasons
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import ReasonsConfig, reasons_file
    from tactful.runs import begun, run_job

    if at.temperature == 0 and (checks > 1 or tries > 1):
        raise UsageError(
            "--temperature 0 draws the same reply at every check and try; raise it, or give --checks 1 --tries 1"
        )
    config = ReasonsConfig(model=at.spec(model, SCRIPTS, run), checks=checks, tries=tries)
    if max_chars is not None:
        config = config.model_copy(update={"max_chars": max_chars})
    rows, job = reasons_file(config, source, skip_bad=skip_bad)
    if dry_run:
        tell_forecast(forecast_reasons(rows, config, limit=run.limit), model, as_json=as_json)
        return
    fix = "write one JSON object with `obs`, `pred_task` and `valid` per line"
    first = begun(iter(job.source), rows.name, what="annotated moment", fix=fix)
    _report(run_job(replace(job, source=first), run.options()), rows, config, as_json=as_json)


def _report(summary: RunSummary, rows: Rows[LabelledMoment], config: ReasonsConfig, *, as_json: bool) -> None:
    from collections import Counter

    from tactful.reward.reasons.thoughts import ReasonedMoment

    folder = summary.folder
    categories: Counter[str] = Counter()
    tries: Counter[int] = Counter()
    for record in folder.records(ReasonedMoment):
        categories[record.category] += 1
        tries[record.tries] += 1
    skips = {reason: count for _, _, reason, count in folder.reasons("skipped")}
    result = {
        "run": str(folder.path),
        "moments": {
            "read": summary.read,
            "done": summary.done,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "skipped_because": skips,
            "bad_lines": rows.bad,
        },
        "categories": dict(sorted(categories.items())),
        "kept_at_try": {str(number): tries[number] for number in sorted(tries)},
        "usage": summary.usage.model_dump(mode="json"),
    }
    if as_json:
        emit_json(result)
    else:
        for name, count in sorted(categories.items()):
            print(f"{name.ljust(16)} {count:>7}")
    if config.model.name == "offline":
        say("a rehearsal: set phrases, no language model wrote these thoughts; train no judge on them")
    tell_bad(rows)
    say(
        f"{summary.done} thoughts kept of {summary.read} moments, {summary.skipped} skipped, "
        f"{summary.failed} failed; in {folder.path}"
    )
    for reason, count in skips.items():
        say(f"  skipped {count}: {reason}")
    tell_failures(summary)
    end_empty(summary)
    if summary.done:
        next_command(
            f"tactful reward export {quoted(folder.path)} --to llama-factory --balance categories --out training"
        )
