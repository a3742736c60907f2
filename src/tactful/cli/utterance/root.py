"""`tactful utterance`: preference data for predicting the user's next message."""

from __future__ import annotations

import importlib
from dataclasses import replace
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
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.runs import Job, RunSummary
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.forecast import SynthesisForecast
    from tactful.utterance.pipeline import SynthesizeConfig
    from tactful.utterance.summary import SynthesisSummary

_PARTS = ("evaluate",)
"""Modules of this package that add verbs of their own: `register(noun)`."""


def register(app: typer.Typer) -> None:
    """Add the noun `utterance`."""
    noun = typer.Typer(no_args_is_help=True, help="Predict what the user says next: data and its measure.")
    noun.command("synthesize")(synthesize)
    for part in _PARTS:
        importlib.import_module(f"tactful.cli.utterance.{part}").register(noun)
    app.add_typer(noun, name="utterance")


def synthesize(
    source: Annotated[
        str,
        typer.Argument(metavar="DIALOGUES", help="JSONL of dialogues (`id`, `conversation`); `-` is stdin."),
    ],
    model: ModelOption,
    targets: Annotated[
        str,
        typer.Option(
            "--targets", help="Which user turns are predicted: `sample:N` per dialogue, `last` or `all`."
        ),
    ] = "sample:1",
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
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="Default: the endpoint's.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included."),
    ] = None,
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
    """Turn dialogues into reasoned, contrastive training data for predicting the user's next message.

    Example: `tactful utterance synthesize dialogues.jsonl --model offline --out runs/utterance`

    With an endpoint: `tactful utterance synthesize dialogues.jsonl --model gpt-4.1-mini --budget-usd 2`
    """
    from tactful.llm import model_spec
    from tactful.runs import RunOptions, begun, run_job
    from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig

    if low > high:
        raise UsageError(f"--low {low:g} is above --high {high:g}; the lower threshold comes first")
    config = SynthesizeConfig(
        targets=targets,
        contrast=contrast,
        high=high,
        low=low,
        min_gap=min_gap,
        max_chars=max_chars,
        seed=seed,
        assistant=model_spec(
            model,
            scripts=SCRIPTS,
            seed=seed,
            base_url=base_url,
            api_key_env=api_key_env,
            temperature=temperature,
            max_tokens=max_tokens,
            requests_per_minute=requests_per_minute,
            concurrency=concurrency,
        ),
    )
    examples, job = _synthesize_job(config, source, skip_bad=skip_bad)
    if dry_run:
        _print_forecast(examples, config, limit, as_json=as_json)
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
    fix = "write one JSON object with `id` and `conversation` per line"
    first = begun(iter(job.source), examples.rows.name, what="dialogue", fix=fix)
    _report(run_job(replace(job, source=first), options), examples, as_json=as_json)


def _synthesize_job(config: SynthesizeConfig, source: str, *, skip_bad: bool) -> tuple[Examples, Job]:
    """The examples of `source`, and the run over them that `config` describes."""
    from tactful.runs import resolve_input, worth_counting
    from tactful.utterance.dialogues import Examples, parse_targets
    from tactful.utterance.pipeline import synthesize_job

    path = resolve_input(source)
    examples = Examples(path, parse_targets(config.targets), seed=config.seed, skip_bad=skip_bad)
    job = synthesize_job(config, examples)
    if str(path) == "-":
        return examples, job
    if worth_counting(path):
        counted = Examples(path, examples.rule, seed=config.seed, skip_bad=True)
        job = replace(job, total=sum(1 for _ in counted))
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return examples, replace(job, resume_args=again)


def retry_synthesize(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.utterance.pipeline import SynthesizeConfig

    return _synthesize_job(SynthesizeConfig.model_validate(config), source, skip_bad=skip_bad)[1]


def _print_forecast(
    examples: Examples, config: SynthesizeConfig, limit: int | None, *, as_json: bool
) -> None:
    from tactful.utterance.forecast import forecast

    expected: SynthesisForecast = forecast(examples, config, limit=limit)
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(
        f"{expected.targets} targets, {expected.dialogues_without_target} dialogues without one; estimated from "
        "above, nothing was sent:"
    )
    say(
        f"  {config.assistant.name}: {expected.calls} calls, {expected.prompt_tokens} prompt and "
        f"{expected.completion_tokens} completion tokens, {cost}"
    )


def _report(summary: RunSummary, examples: Examples, *, as_json: bool) -> None:
    from tactful.data.io import write_file
    from tactful.utterance.summary import summarise
    from tactful.utterance.types import PairedExample

    folder = summary.folder
    found = summarise(folder.records(PairedExample))
    skips = _skips(summary)
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
    write_file(folder.path / "summary.json", [_as_json(result)])
    if as_json:
        emit_json(result)
    else:
        _print_table(found)
    say(
        f"{examples.dialogues} dialogues, {examples.untargeted} of them without a target, {found.pairs} pairs"
    )
    for reason, count in skips.items():
        say(f"  skipped {count}: {reason}")
    if examples.rows.bad:
        say(f"{examples.rows.bad} unusable lines left out, the first: {examples.rows.problems[0]}")
    tell_failures(summary)
    end_empty(summary)
    if found.pairs:
        next_command(f"tactful data export {quoted(folder.path)} --to trl --out training")
    elif summary.failed and not summary.done:
        raise typer.Exit(1)


def _skips(summary: RunSummary) -> dict[str, int]:
    """Why records were skipped → how many, most frequent first."""
    return {reason: count for _, _, reason, count in summary.folder.reasons("skipped")}


def _as_json(result: dict[str, Any]) -> bytes:
    import orjson

    return orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def _print_table(found: SynthesisSummary) -> None:
    print(f"{'records':24} {found.records:>7}")
    for branch, count in found.branches.items():
        print(f"{'  best score ' + branch:24} {count:>7}")
    print(f"{'pairs kept':24} {found.pairs:>7}")
    for reason, count in found.dropped.items():
        print(f"  dropped {count}: {reason}")
    if found.repaired:
        print(f"{'with mended replies':24} {found.repaired:>7}")
    print("pairs that differ in")
    for name, count in found.contrast.by_field.items():
        print(f"{'  ' + name:24} {count:>7}")
    print("words of the user's message in chosen reasoning but not in the context (share, 95% interval)")
    print(f"{'  revised':24} {found.leak.revised.text()}")
    print(f"{'  chosen as they are':24} {found.leak.as_is.text()}")
