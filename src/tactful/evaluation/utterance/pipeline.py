"""From predictions, wherever they lie, to an evaluation:

sources ──read_items──▶ Items ──all_predictions──▶ the model's and four baselines' ─┬─ similarities ─┬─▶ UtteranceEvaluation
                                                                                    └─ a judge's run ┘
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tactful.data.io import to_line, write_file
from tactful.errors import UsageError
from tactful.evaluation.utterance.baselines import pool_from_file, pool_from_items
from tactful.evaluation.utterance.items import Items, read_items
from tactful.evaluation.utterance.judge import JudgeConfig, judge_job, judge_scores, judge_tasks
from tactful.evaluation.utterance.measure import (
    Settings,
    all_predictions,
    evaluate_predictions,
    measure_names,
)
from tactful.evaluation.utterance.report import FILE_NAME, read_utterance_evaluation
from tactful.evaluation.utterance.results import UtteranceEvaluation
from tactful.evaluation.utterance.similarity import Similarities, open_encoders
from tactful.llm import ModelSpec
from tactful.runs import RunFolder, RunOptions, run_job
from tactful.utterance.predict.published import PublishedSide


@dataclass(frozen=True)
class PredictionSources:
    """Where predictions come from, and what is known about them."""

    paths: Sequence[Path | str]
    """Runs of `utterance predict` or `synthesize`, files of rows, published sets."""
    train: Path | None = None
    """Dialogues that baselines learn from; None: the evaluated ones, cross-fitted."""
    labels: Path | None = None
    """Run of `utterance synthesize` whose categories and views label the messages."""
    dialogues: Path | None = None
    """Raw dialogues in which processed ProUtt files find their gold."""
    side: PublishedSide = "insight"
    """Published rows: which predictions are evaluated."""
    skip_bad: bool = False


@dataclass(frozen=True)
class Measured:
    """An evaluation and what it was read from."""

    evaluation: UtteranceEvaluation
    items: Items
    folder: Path | None
    """Where `evaluation.json` lies; None: nowhere."""


def evaluate_sources(
    sources: PredictionSources,
    settings: Settings,
    *,
    encoder: str = "auto",
    multilingual_encoder: str | None = None,
    judge: ModelSpec | None = None,
    options: RunOptions | None = None,
) -> Measured:
    """Predictions against the real messages, beside four baselines; with `judge`, a run of its own asks the model.

    `options` says where: `evaluation.json` goes to `out`, or to the judge's run.

    Raises: UsageError, DataError for sources; MissingExtra, ConfigError for a named encoder that cannot be opened.
    """
    options = options or RunOptions(seed=settings.seed)
    items = read_items(
        sources.paths,
        labels=sources.labels,
        dialogues=sources.dialogues,
        side=sources.side,
        skip_bad=sources.skip_bad,
    )
    encoders, notes = open_encoders(encoder, multilingual_encoder)
    most = max(len(item.predictions) for item in items.items) or settings.k
    if most < settings.k:
        notes.append(
            f"k is {most}, not {settings.k}: no message has more predictions, so no baseline gives more."
        )
        settings = replace(settings, k=most)
    pool = (
        pool_from_items(items.items, settings.seed)
        if sources.train is None
        else pool_from_file(sources.train, items.items, skip_bad=sources.skip_bad)
    )
    name = ", ".join(map(str, sources.paths))
    similarities = Similarities(encoders)
    if judge is None and options.out is not None:
        measures = measure_names(similarities.measures, settings)
        _refuse_other(options.out, source=name, k=settings.k, seed=settings.seed, measures=measures)
    predictions = all_predictions(items.items, pool, settings)
    judged, folder = None, options.out
    if judge is not None:
        config = JudgeConfig(source=name, k=settings.k, seed=settings.seed)
        summary = run_job(judge_job(config, judge_tasks(items.items, predictions), judge), options)
        judged, folder = judge_scores(summary.folder), summary.folder.path
        if missing := summary.failed + summary.unscored:
            notes.append(
                f"{missing} judgements are missing (unreadable, or no answer): unscored, in no judge figure."
            )
    found = evaluate_predictions(
        name,
        items,
        predictions,
        similarities,
        settings,
        pool,
        train=None if sources.train is None else str(sources.train),
        judge=None if judge is None else judge.name,
        judged=judged,
        notes=notes,
    )
    if folder is not None:
        write_file(folder / FILE_NAME, [to_line(found)])
    return Measured(found, items, folder)


def _refuse_other(folder: Path, **asked: Any) -> None:
    """Without a judge, `--resume` may write anew what the same evaluation wrote, and nothing else.

    Raises: UsageError, DataError where the folder holds a run, or other figures than `asked` for.
    """
    new = "give --out a new folder"
    if RunFolder(folder).info_path.exists():
        raise UsageError(
            f"{folder}: is the folder of a run, and nothing is to be resumed without --judge-model; {new}"
        )
    if not (folder / FILE_NAME).exists():
        return
    before = read_utterance_evaluation(folder)
    other = [key for key, value in asked.items() if getattr(before, key) != value]
    if other:
        raise UsageError(f"{folder}: holds an evaluation that differs in {', '.join(other)}; {new}")
