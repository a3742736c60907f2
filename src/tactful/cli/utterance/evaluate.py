"""`tactful utterance predict` and `tactful utterance evaluate`: what the user says next, and how well that is known."""

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
from tactful.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from tactful.evaluation.utterance.items import Items
    from tactful.evaluation.utterance.measure import Settings
    from tactful.evaluation.utterance.results import UtteranceEvaluation
    from tactful.llm import ModelSpec
    from tactful.runs import Job, RunOptions, RunSummary
    from tactful.text import Encoder
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.predict.predictor import PredictConfig

AUTO, NONE = "auto", "none"


def register(noun: typer.Typer) -> None:
    """Add the verbs `predict` and `evaluate`."""
    noun.command("predict")(predict)
    noun.command("evaluate")(evaluate)


# ---------------------------------------------------------------- predict


def predict(
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
    """Ask any model for the user's next message in every dialogue, with the prompt that training exports use.

    Example: `tactful utterance predict dialogues.jsonl --model offline --out runs/predictions`

    The same --targets and --seed as `utterance synthesize` predict the same messages.
    """
    from tactful.llm import model_spec
    from tactful.runs import RunOptions, begun, run_job
    from tactful.utterance.predict.predictor import SCRIPTS, PredictConfig

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
    config = PredictConfig(targets=targets, seed=seed, assistant=spec)
    examples, job = _predict_job(config, source, skip_bad=skip_bad)
    if dry_run:
        _print_forecast(examples, spec, limit, as_json=as_json)
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
    _report_predictions(run_job(replace(job, source=first), options), examples, as_json=as_json)


def _predict_job(config: PredictConfig, source: str, *, skip_bad: bool) -> tuple[Examples, Job]:
    """The examples of `source`, and the run over them that `config` describes."""
    from tactful.runs import resolve_input, worth_counting
    from tactful.utterance.dialogues import Examples, parse_targets
    from tactful.utterance.predict.predictor import predict_job

    path = resolve_input(source)
    examples = Examples(path, parse_targets(config.targets), seed=config.seed, skip_bad=skip_bad)
    job = predict_job(config, examples)
    if str(path) == "-":
        return examples, job
    if worth_counting(path):
        counted = Examples(path, examples.rule, seed=config.seed, skip_bad=True)
        job = replace(job, total=sum(1 for _ in counted))
    again = {"source": str(path.resolve()), "skip_bad": skip_bad}
    return examples, replace(job, resume_args=again)


def retry_predict(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.utterance.predict.predictor import PredictConfig

    return _predict_job(PredictConfig.model_validate(config), source, skip_bad=skip_bad)[1]


def _print_forecast(examples: Examples, spec: ModelSpec, limit: int | None, *, as_json: bool) -> None:
    from tactful.utterance.predict.predictor import forecast

    expected = forecast(examples, spec, limit=limit)
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    cost = "price not known" if expected.cost_usd is None else f"about {expected.cost_usd:.2f} USD"
    say(f"{expected.examples} messages to predict; estimated, nothing was sent:")
    say(
        f"  {spec.name}: {expected.examples} calls, {expected.prompt_tokens} prompt and "
        f"{expected.completion_tokens} completion tokens, {cost}"
    )


def _report_predictions(summary: RunSummary, examples: Examples, *, as_json: bool) -> None:
    from tactful.utterance.predict.predictor import Prediction

    folder = summary.folder
    unparsable = sum(not record.usable for record in folder.records(Prediction))
    result = {
        "run": str(folder.path),
        "dialogues": {"read": examples.dialogues, "without_target": examples.untargeted},
        "bad_lines": examples.rows.bad,
        "read": summary.read,
        "done": summary.done,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "unparsable": unparsable,
        "usage": summary.usage.model_dump(mode="json"),
    }
    if as_json:
        emit_json(result)
    say(
        f"{summary.read} read = {summary.done} predicted + {summary.failed} failed + {summary.skipped} without a "
        f"possible target; {unparsable} replies without a readable prediction; in {folder.path}"
    )
    if examples.rows.bad:
        say(f"{examples.rows.bad} unusable lines left out, the first: {examples.rows.problems[0]}")
    tell_failures(summary)
    end_empty(summary)
    next_command(f"tactful utterance evaluate {quoted(folder.path)}")


# ---------------------------------------------------------------- evaluate


def evaluate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|FILE...",
            help="Predictions: a run of `predict`, or rows with context, gold, predictions.",
        ),
    ],
    train: Annotated[
        Path | None,
        typer.Option("--train", help="Dialogues that baselines learn from; default: cross-fitting."),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", help="Run of `synthesize` whose categories and views label the messages."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Predictions that count, the first k of each.")] = 4,
    hit: Annotated[
        list[str] | None,
        typer.Option(
            "--hit",
            metavar="MEASURE=VALUE",
            help="Similarity from which on a prediction hits: cosine=0.7, chrf=0.5, ngrams=0.5, judge=0.8.",
        ),
    ] = None,
    encoder: Annotated[
        str,
        typer.Option("--encoder", help="Sentence encoder: name or folder; `none`; `auto`: where installed."),
    ] = AUTO,
    multilingual_encoder: Annotated[
        str | None,
        typer.Option("--multilingual-encoder", help="Encoder for languages that --encoder does not know."),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option("--judge-model", help="Have a model judge similarity, baselines included.")
    ] = None,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    dialogues: Annotated[
        Path | None,
        typer.Option("--dialogues", help="Raw dialogues in which processed ProUtt files find their gold."),
    ] = None,
    side: Annotated[
        Literal["insight", "chosen", "rejected"],
        typer.Option("--side", help="Published rows: which predictions are evaluated."),
    ] = "insight",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for evaluation.json, and for the judge's run."),
    ] = None,
    resume: ResumeFlag = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the page of the report here.")] = None,
    concurrency: ConcurrencyOption = 32,
    cache: CacheOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Score predicted messages against the real ones: similarity, hit@k, intervals by dialogue, four baselines.

    Example: `tactful utterance evaluate runs/predictions --out runs/utterance-eval`

    Several runs are scored together, and each source and language by itself.
    """
    from tactful.evaluation.utterance.items import read_items
    from tactful.evaluation.utterance.measure import THRESHOLDS, Settings
    from tactful.llm import model_spec
    from tactful.runs import RunOptions

    if html is not None and html.exists():
        raise UsageError(f"{html}: exists already; give --html a new name")
    _check_folder(out, resume=resume)
    settings = Settings(k=k, thresholds={**THRESHOLDS, **_thresholds(hit or [], THRESHOLDS)}, seed=seed)
    items = read_items(sources, labels=labels, dialogues=dialogues, side=side, skip_bad=skip_bad)
    encoders, notes = _encoders(encoder, multilingual_encoder)
    judge = None
    if judge_model is not None:
        judge = model_spec(
            judge_model,
            scripts="utterance",
            seed=seed,
            base_url=base_url,
            api_key_env=api_key_env,
            concurrency=concurrency,
        )
    options = RunOptions(
        out=out,
        resume=resume,
        concurrency=concurrency,
        cache=cache,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        seed=seed,
    )
    found, folder = _evaluate(
        ", ".join(sources), items, train, settings, encoders, notes, judge, options, skip_bad
    )
    _write_and_tell(found, items, folder or out, html, as_json=as_json)


def _check_folder(out: Path | None, *, resume: bool) -> None:
    if out is not None and not resume and out.exists() and any(out.iterdir()):
        raise UsageError(f"{out}: holds files already; give --out a new folder, or --resume")


def _thresholds(given: list[str], known: Any) -> dict[str, float]:
    """`chrf=0.5` → {"chrf": 0.5}. Raises: UsageError."""
    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if name not in known or not 0 <= number <= 1:
            raise UsageError(
                f"--hit {text}: expected MEASURE=VALUE, one of {', '.join(known)} and a value in [0, 1]"
            )
        found[name] = number
    return found


def _encoders(name: str, multilingual: str | None) -> tuple[list[Encoder], list[str]]:
    """The sentence encoders, and what stands in where there is none. A named one must load."""
    from tactful.errors import ConfigError
    from tactful.text import DEFAULT_ENCODER, open_encoder

    encoders: list[Encoder] = []
    notes: list[str] = []
    if name == AUTO:
        try:
            encoders.append(open_encoder(DEFAULT_ENCODER))
        except (MissingExtra, ConfigError) as error:
            notes.append(
                f"No sentence embeddings: {error}. chrF and character n-grams measure similarity here."
            )
    elif name != NONE:
        encoders.append(open_encoder(name))
    if multilingual is not None:
        encoders.append(open_encoder(multilingual))
    return encoders, notes


def _evaluate(
    source: str,
    items: Items,
    train: Path | None,
    settings: Settings,
    encoders: list[Encoder],
    notes: list[str],
    judge: ModelSpec | None,
    options: RunOptions,
    skip_bad: bool,
) -> tuple[UtteranceEvaluation, Path | None]:
    """The evaluation, and the run folder of the judge where one was asked."""
    from tactful.evaluation.utterance.baselines import pool_from_file, pool_from_items
    from tactful.evaluation.utterance.measure import (
        all_predictions,
        describe_evaluation,
        evaluate_predictions,
    )
    from tactful.evaluation.utterance.similarity import Similarities

    pool = (
        pool_from_items(items.items, settings.seed)
        if train is None
        else pool_from_file(train, items.items, skip_bad=skip_bad)
    )
    predictions = all_predictions(items.items, pool, settings)
    judged, folder, unjudged = None, None, 0
    if judge is not None:
        judged, folder, unjudged = _judge(source, items, predictions, settings, judge, options)
    similarities = Similarities(encoders)
    scored = evaluate_predictions(items.items, predictions, similarities, settings, judged=judged)
    if unjudged:
        notes.append(
            f"{unjudged} judgements are missing (unreadable, or no answer): unscored, in no judge figure."
        )
    found = describe_evaluation(
        source,
        items,
        scored,
        similarities,
        settings,
        pool,
        train=None if train is None else str(train),
        judge=None if judge is None else judge.name,
        notes=notes,
    )
    return found, folder


def _judge(
    source: str, items: Items, predictions: Any, settings: Settings, judge: ModelSpec, options: RunOptions
) -> tuple[Any, Path, int]:
    from tactful.evaluation.utterance.judge import JudgeConfig, judge_job, judge_scores, judge_tasks
    from tactful.runs import run_job

    config = JudgeConfig(source=source, k=settings.k, seed=settings.seed)
    summary = run_job(judge_job(config, judge_tasks(items.items, predictions), judge), options)
    return judge_scores(summary.folder), summary.folder.path, summary.failed + summary.unscored


def _write_and_tell(
    found: UtteranceEvaluation, items: Items, folder: Path | None, html: Path | None, *, as_json: bool
) -> None:
    from tactful.data.io import to_line, write_file
    from tactful.evaluation.utterance.report import FILE_NAME, table_lines, write_utterance_report

    if folder is not None:
        write_file(folder / FILE_NAME, [to_line(found)])
    if html is not None:
        write_utterance_report([found], html)
    if as_json:
        emit_json(found.model_dump(mode="json", exclude={"samples"}))
    else:
        for line in table_lines(found):
            print(line)
    for problem in items.problems:
        say(problem)
    say(found.counts())
    for note in found.notes:
        say(f"note: {note}")
    say(found.headline())
    if html is not None:
        say(f"page: {html}")
    if folder is not None:
        next_command(f"tactful bench report {quoted(folder)} --out report.html")
