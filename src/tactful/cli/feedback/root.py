"""`tactful feedback`: what the user's next message says about the last answer."""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    OutOption,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    finite,
)
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_failures
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.feedback.chats import Turns
    from tactful.feedback.judging.confidence import ConfidenceMap
    from tactful.feedback.pipeline import JudgeConfig, JudgedTurns
    from tactful.feedback.report.shares import LabelShares
    from tactful.feedback.types import TurnJudge
    from tactful.runs import Job, RunSummary

_PARTS = ("output", "evaluate")
"""Modules of this package that add verbs of their own: `register(noun)`."""


def register(app: typer.Typer) -> None:
    """Add the noun `feedback`."""
    noun = typer.Typer(no_args_is_help=True, help="What the user's next message says about the last answer.")
    noun.command("judge")(judge)
    for part in _PARTS:
        importlib.import_module(f"tactful.cli.feedback.{part}").register(noun)
    app.add_typer(noun, name="feedback")


# ---------------------------------------------------------------- judge


def judge(
    source: Annotated[
        str,
        typer.Argument(
            metavar="CHATS", help="JSONL of dialogues (`conversation` or `messages`); `-` is stdin."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Model name; `embedded` needs no network; `offline` rehearses. Default: gpt-5-nano.",
        ),
    ] = None,
    judges: Annotated[
        str | None, typer.Option("--judges", help="A panel instead of --model: model names by commas.")
    ] = None,
    votes: Annotated[int, typer.Option("--votes", min=1, help="Draws from every judge.")] = 1,
    tau_c: Annotated[
        float | None,
        typer.Option("--tau-c", min=0, max=1, help="Confidence below which a judgement counts for nothing."),
    ] = None,
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML with `tau_c` and the table `rewards`.")
    ] = None,
    trained: Annotated[
        Path | None, typer.Option("--trained", help="embedded: what `feedback train` wrote.")
    ] = None,
    confidence: Annotated[
        Path | None, typer.Option("--confidence", help="What `feedback fit-confidence` wrote.")
    ] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            "--precision",
            min=0.01,
            max=1,
            help="τ_c as the precision that labels above it must have; needs --confidence.",
        ),
    ] = None,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="Default: the endpoint's.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included.")
    ] = 4096,
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
    """Label every follow-up message of a chat log and turn it into a gated reward.

    Example: `tactful feedback judge chats.jsonl --model embedded --out runs/feedback`

    With a panel of models: `tactful feedback judge chats.jsonl --judges gpt-5-nano,gpt-4.1-mini --budget-usd 2`
    """
    from tactful.feedback.judging.judge import DEFAULT_MODEL, EMBEDDED, judge_spec
    from tactful.feedback.pipeline import JudgeConfig
    from tactful.runs import RunOptions, begun, run_job

    if model is not None and judges is not None:
        raise UsageError("--model and --judges exclude each other; name all judges in --judges")
    names = split_names(judges) if judges is not None else (model or DEFAULT_MODEL,)
    if trained is not None and EMBEDDED not in names:
        raise UsageError(
            f"--trained belongs to the judge '{EMBEDDED}', but the judges are: {', '.join(names)}"
        )
    if votes > 1 and temperature == 0:
        raise UsageError(f"--votes {votes} at --temperature 0 draws the same reply {votes} times; raise it")
    specs = tuple(
        judge_spec(
            name,
            base_url=base_url or os.environ.get("OPENAI_BASE_URL"),
            api_key_env=api_key_env,
            max_tokens=max_tokens,
            temperature=temperature,
            requests_per_minute=requests_per_minute,
            seed=seed,
        )
        for name in names
        if name != EMBEDDED
    )
    values = _settings(config_file)
    if tau_c is not None:
        values["tau_c"] = tau_c
    config = JudgeConfig(
        **values,
        judges=names,
        votes=votes,
        embedded="" if trained is None else str(trained.resolve()),
        confidence="" if confidence is None else str(confidence.resolve()),
        precision=precision,
        models=specs,
    )
    turns, job = _judge_job(config, source, skip_bad=skip_bad)
    if dry_run:
        _print_forecast(turns, config, limit, as_json=as_json)
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
    fix = "a turn is an answer of the assistant between two messages of the user"
    first = begun(iter(job.source), turns.rows.name, what="turn", fix=fix)
    summary = run_job(replace(job, source=first), options)
    _report_judging(summary, turns, config, as_json=as_json)


def split_names(text: str) -> tuple[str, ...]:
    """Names by commas. Raises UsageError when there is none."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise UsageError(f"'{text}' names nothing; give names by commas")
    return names


def _settings(path: Path | None) -> dict[str, Any]:
    """What the user's TOML says, checked. Raises: ConfigError."""
    if path is None:
        return {}
    from tactful.feedback.settings import load_feedback_config

    return load_feedback_config(path).model_dump()


def _judge_job(config: JudgeConfig, source: str, *, skip_bad: bool) -> tuple[Turns, Job]:
    """The turns of `source`, and the run over them that `config` describes."""
    from tactful.feedback.chats import Turns
    from tactful.feedback.pipeline import judge_job, judge_name
    from tactful.runs import resolve_input, worth_counting

    path = resolve_input(source)
    embedded, digest = _embedded(config)
    fitted, fit_digest = read_fit(config.confidence)
    if fitted is not None and fitted.judge != judge_name(config, embedded):
        raise UsageError(
            f"{config.confidence} was fitted for the judge '{fitted.judge}', but '{judge_name(config, embedded)}' "
            "judges here, and a fit does not carry over; fit one with 'tactful feedback fit-confidence'"
        )
    config = config.model_copy(update={"embedded_hash": digest, "confidence_hash": fit_digest})
    turns = Turns(path, skip_bad=skip_bad)
    job = judge_job(config, turns, embedded=embedded, fitted=fitted)
    if str(path) == "-":
        return turns, job
    if worth_counting(path):
        job = replace(job, total=sum(1 for _ in Turns(path, skip_bad=True)))
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return turns, replace(job, resume_args=again)


def retry_judge(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.feedback.pipeline import JudgeConfig

    return _judge_job(JudgeConfig.model_validate(config), source, skip_bad=skip_bad)[1]


def _embedded(config: JudgeConfig) -> tuple[TurnJudge | None, str]:
    """The embedded judge, where it is one of the judges, and the hash of what it was trained to."""
    from tactful.feedback.judging.judge import EMBEDDED

    if EMBEDDED not in config.judges:
        return None, ""
    from tactful.feedback.embedded import open_embedded

    path = Path(config.embedded) if config.embedded else None
    return open_embedded(path, config), "" if path is None else digest_of(path)


def read_fit(path: str) -> tuple[ConfidenceMap | None, str]:
    """The fitted confidence in `path` and the file's hash; nothing for an empty path. Raises DataError."""
    if not path:
        return None, ""
    from tactful.feedback.judging.confidence import load_confidence

    return load_confidence(Path(path)), digest_of(Path(path))


def digest_of(path: Path) -> str:
    """Over the content of a file, or of all files of a folder."""
    from tactful.types import content_hash

    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    try:
        return content_hash("".join(content_hash(file.read_bytes()) for file in files))
    except OSError as error:
        raise DataError.at(path, None, f"cannot be read ({error.strerror})", fix="check the path") from error


def _print_forecast(turns: Turns, config: JudgeConfig, limit: int | None, *, as_json: bool) -> None:
    from tactful.feedback.forecast import forecast

    expected = forecast(turns, config, limit=limit)
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    say(f"{expected.turns} turns; estimated, nothing was sent:")
    for item in expected.judges:
        cost = "price not known" if item.cost_usd is None else f"about {item.cost_usd:.2f} USD"
        say(
            f"  {item.judge}: {item.calls} calls, {item.prompt_tokens} prompt and "
            f"{item.completion_tokens} completion tokens, {cost}"
        )


def _report_judging(summary: RunSummary, turns: Turns, config: JudgeConfig, *, as_json: bool) -> None:
    from tactful.feedback.pipeline import JUDGEMENTS, JudgedTurns, write_judgements

    fitted, _ = read_fit(config.confidence)
    judged = JudgedTurns(summary.folder.path, fitted=fitted)
    if config.is_panel:
        write_judgements(judged, summary.folder)
        tally = _tally(JudgedTurns(summary.folder.path / JUDGEMENTS))
    else:
        tally = _tally(judged)
    result = {
        "run": str(summary.folder.path),
        "turns": {
            "read": summary.read,
            "done": summary.done,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "unscored": tally.unscored,
            "pass_the_gate": tally.updates,
            "confidence_not_fitted": tally.not_fitted if config.confidence else None,
        },
        "dialogues": turns.count.as_dict() | {"bad_lines": turns.rows.bad},
        "labels": {label: share.model_dump() for label, share in tally.table().items()},
        "mean_reward": tally.mean_reward,
        "panel": judged.panel.model_dump(mode="json") if judged.panel else None,
        "usage": summary.usage.model_dump(mode="json"),
    }
    summary.folder.save_summary(result)
    if as_json:
        emit_json(result)
    else:
        print_shares(tally)
    if "offline" in config.judges:
        say("a rehearsal: cues made these labels, no language model read anything")
    _say_counts(summary, turns, tally)
    if judged.panel is not None:
        _say_panel(judged)
    if config.confidence and tally.not_fitted:
        sources = ", ".join(sorted(tally.sources_not_fitted))
        say(
            f"{tally.not_fitted} confidences stay as stated: {config.confidence} was not fitted on {sources}, and a "
            "fit does not carry over; label turns of it and run 'tactful feedback fit-confidence'"
        )
    tell_failures(summary)
    place = quoted(summary.folder.path)
    if tally.unscored:
        say(f"take the unscored again: tactful runs retry {place} --unscored")
    end_empty(summary)
    next_command(f"tactful feedback report {place} --out report.html")


def _tally(judged: JudgedTurns) -> LabelShares:
    from tactful.feedback.report.shares import LabelShares

    tally = LabelShares()
    for record in judged:
        tally.add(record)
    return tally


def print_shares(tally: LabelShares) -> None:
    """The label shares as a table on stdout."""
    width = max(len(label) for label in tally.table())
    print(f"{'label'.ljust(width)}  {'turns':>7}  share")
    for label, share in tally.table().items():
        print(f"{label.ljust(width)}  {share.count:>7}  {share.text()}")
    print(f"{'unscored'.ljust(width)}  {tally.unscored:>7}")
    print(f"Shares of the scored turns with 95% intervals over {tally.dialogues} dialogues.")


def _say_counts(summary: RunSummary, turns: Turns, tally: LabelShares) -> None:
    count = turns.count
    say(
        f"{count.dialogues} dialogues with {count.answers} answers: {count.turns} turns, {count.no_follow_up} "
        f"answers without a follow-up, {count.no_query} openings without a query"
    )
    if turns.rows.bad:
        say(f"{turns.rows.bad} unusable lines left out, the first: {turns.rows.problems[0]}")
    mean = "" if tally.mean_reward is None else f", mean reward {tally.mean_reward:+.3f}"
    say(
        f"{summary.done} of {summary.read} turns judged ({tally.unscored} unscored), {summary.failed} failed; "
        f"{tally.updates} pass the gate{mean}; in {summary.folder.path}"
    )


def _say_panel(judged: JudgedTurns) -> None:
    panel = judged.panel
    assert panel is not None
    reliability = ", ".join(f"{name} {value:.2f}" for name, value in panel.reliability.items())
    agree = "" if panel.unanimous is None else f"unanimous on {panel.unanimous:.1%} of the turns, "
    agree += "" if panel.alpha is None else f"Krippendorff's alpha {panel.alpha:.2f}, "
    spread = "" if panel.disagreement is None else f"vote entropy {panel.disagreement:.2f} (0 = all agree)"
    say(f"panel: {agree}{spread}; {panel.unreadable_votes} of {panel.votes} votes unreadable")
    say(f"votes expected to be right, by the votes alone: {reliability or 'not estimable'}")
    if panel.votes > (panel.turns + panel.unscored) * len(panel.judges):
        say(
            "draws of one model repeat its mistakes, so these posteriors are too sure: "
            "correct them with 'tactful feedback fit-confidence' where there are labelled turns"
        )
    if not panel.converged:
        say(
            f"warning: the panel's model did not settle in {panel.iterations} iterations; read its posteriors with care"
        )
