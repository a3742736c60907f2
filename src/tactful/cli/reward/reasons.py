"""`tactful reward reasons` and `tactful reward export`: training data for a judge that thinks before it judges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.options import (
    ApiKeyEnvOption,
    BaseUrlOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    DryRunFlag,
    JsonFlag,
    LimitOption,
    ModelOption,
    OutOption,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    finite,
)
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_failures
from tactful.cli.reward.lm import MAX_TOKENS, tell_forecast
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.reward.pipeline import ReasonsConfig
    from tactful.runs import Job, RunSummary
    from tactful.types import LabelledMoment


def register(noun: typer.Typer) -> None:
    """Add the verbs `reasons` and `export`."""
    noun.command("reasons")(reasons)
    noun.command("export")(export)


def reasons(
    source: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="JSONL of annotated moments (`obs`, `pred_task`, `valid`); `-` is stdin."
        ),
    ],
    model: ModelOption,
    checks: Annotated[
        int, typer.Option("--checks", min=1, help="Re-derivations from the thought alone; all must agree.")
    ] = 5,
    tries: Annotated[
        int, typer.Option("--tries", min=1, help="Most thoughts asked for per moment; then it is skipped.")
    ] = 3,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="Default: the endpoint's.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included.")
    ] = MAX_TOKENS,
    requests_per_minute: Annotated[
        float | None,
        typer.Option("--requests-per-minute", min=0.001, callback=finite, help="Send no faster than this."),
    ] = None,
    seed: SeedOption = 0,
    concurrency: ConcurrencyOption = 32,
    out: OutOption = None,
    resume: ResumeFlag = False,
    limit: LimitOption = None,
    cache: CacheOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write the thoughts that lead to people's verdicts, kept only when checks re-derive the verdict from them.

    Example: `tactful reward reasons annotated.jsonl --model offline --out runs/reasons`

    With an endpoint: `tactful reward reasons annotated.jsonl --model gpt-4.1-mini --budget-usd 5`
    """
    from tactful.llm import model_spec
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import ReasonsConfig, forecast_reasons
    from tactful.runs import RunOptions, begun, run_job

    if temperature == 0 and (checks > 1 or tries > 1):
        raise UsageError(
            "--temperature 0 draws the same reply at every check and try; raise it, or give --checks 1 --tries 1"
        )
    spec = model_spec(
        model,
        scripts=SCRIPTS,
        seed=seed,
        base_url=base_url,
        api_key_env=api_key_env,
        temperature=temperature,
        max_tokens=max_tokens,
        requests_per_minute=requests_per_minute,
        concurrency=concurrency,
    )
    config = ReasonsConfig(model=spec, checks=checks, tries=tries)
    rows, job = _job(config, source, skip_bad=skip_bad)
    if dry_run:
        tell_forecast(forecast_reasons(rows, config, limit=limit), model, as_json=as_json)
        return
    options = RunOptions(
        out=out,
        resume=resume,
        concurrency=concurrency,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        cache=cache,
        seed=seed,
        limit=limit,
    )
    fix = "write one JSON object with `obs`, `pred_task` and `valid` per line"
    first = begun(iter(job.source), rows.name, what="annotated moment", fix=fix)
    _report(run_job(replace(job, source=first), options), rows, config, as_json=as_json)


def _job(config: ReasonsConfig, source: str, *, skip_bad: bool) -> tuple[Rows[LabelledMoment], Job]:
    """The items of `source`, and the run over them that `config` describes."""
    from tactful.data.formats.moments import labelled_rows
    from tactful.reward.pipeline import reasons_job
    from tactful.runs import resolve_input, worth_counting

    path = resolve_input(source)
    rows = labelled_rows(path, skip_bad=skip_bad)
    job = reasons_job(config, rows)
    if str(path) == "-":
        return rows, job
    if worth_counting(path):
        job = replace(job, total=sum(1 for _ in labelled_rows(path, skip_bad=True)))
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return rows, replace(job, resume_args=again)


def retry_reasons(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.reward.pipeline import ReasonsConfig

    return _job(ReasonsConfig.model_validate(config), source, skip_bad=skip_bad)[1]


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
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
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
            print(f"{name}: {part.rows} rows of {part.sessions} sessions")
            for category, count in part.categories.items():
                print(f"  {category.ljust(16)} {count:>6}  weight {part.weights[category]:.3f}")
    if done.bad:
        say(f"{done.bad} unusable lines left out")
    say(f"{done.records} SFT rows and as many preference rows in {quoted(out)}, split by session")
    if balance != "none" and to == "llama-factory":
        say("LLaMA-Factory passes over the column `weight`: balance there needs a trainer that reads it")
    say(
        "train on it, serve the model, and ask it by this prompt: tactful reward judge DATA --judge NAME --base-url URL"
    )
