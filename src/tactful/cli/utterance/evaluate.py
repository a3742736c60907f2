"""`tactful utterance evaluate`: how well what the user says next is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import EndpointFlags, JsonFlag, RunFlags, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say
from tactful.cli.splice import without
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.utterance.pipeline import Measured


@dataclass(frozen=True, kw_only=True)
class EvaluationFlags(RunFlags):
    """The run of the judge, where there is one, and what is written without it."""

    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for evaluation.json, and for the judge's run.")
    ] = None


def evaluate(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|FILE...",
            help="Predictions: a run of `predict`, or rows with context, gold, predictions.",
        ),
    ],
    *,
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
    ] = "auto",
    multilingual_encoder: Annotated[
        str | None,
        typer.Option("--multilingual-encoder", help="Encoder for languages that --encoder does not know."),
    ] = None,
    judge_model: Annotated[
        str | None, typer.Option("--judge-model", help="Have a model judge similarity, baselines included.")
    ] = None,
    at: EndpointFlags,
    dialogues: Annotated[
        Path | None,
        typer.Option("--dialogues", help="Raw dialogues in which processed ProUtt files find their gold."),
    ] = None,
    side: Annotated[
        Literal["insight", "chosen", "rejected"],
        typer.Option("--side", help="Published rows: which predictions are evaluated."),
    ] = "insight",
    html: Annotated[Path | None, typer.Option("--html", help="Write the page of the report here.")] = None,
    run: Annotated[EvaluationFlags, without("limit")],
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Score predicted messages against the real ones: similarity, hit@k, intervals by dialogue, four baselines.

    Example: `tactful utterance evaluate runs/predictions --out runs/utterance-eval`

    Several runs are scored together, and each source and language by itself.
    """
    from tactful.api.utterance.evaluate import evaluate_predictions

    if html is not None and html.exists():
        raise UsageError(f"{html}: exists already; give --html a new name")
    done = evaluate_predictions(
        sources,
        train=train,
        labels=labels,
        k=k,
        thresholds=_thresholds(hit or ()),
        encoder=encoder,
        multilingual_encoder=multilingual_encoder,
        judge_model=judge_model,
        base_url=at.base_url,
        api_key_env=at.api_key_env,
        timeout=at.timeout,
        dialogues=dialogues,
        side=side,
        skip_bad=skip_bad,
        **run.given(),
    )
    if html is not None:
        done.page(html)
    _tell(done.measured, html, as_json=as_json)


def _thresholds(given: Sequence[str]) -> dict[str, float]:
    """`chrf=0.5` → {"chrf": 0.5}. Raises: UsageError."""
    found: dict[str, float] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise UsageError(f"--hit {text}: expected MEASURE=VALUE, such as chrf=0.5") from None
    return found


def _tell(measured: Measured, html: Path | None, *, as_json: bool) -> None:
    from tactful.evaluation.utterance.report import table_lines

    found = measured.evaluation
    if as_json:
        emit_json(found.model_dump(mode="json", exclude={"samples"}))
    else:
        print_lines(*table_lines(found))
    for problem in measured.items.problems:
        say(problem)
    say(found.counts())
    for note in found.caveats:
        say(f"note: {note}")
    say(found.headline())
    if html is not None:
        say(f"page: {html}")
    if measured.folder is not None:
        next_command(f"tactful bench report {quoted(measured.folder)} --out report.html")
