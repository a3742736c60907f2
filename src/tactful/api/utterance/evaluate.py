"""How well what the user says next is known."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.options import RunSettings, at_least_one, one_of, refuse_limit, run_options, spec_of, takes
from tactful.api.runs import Run, outside_loop
from tactful.api.tables import Table
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.utterance.pipeline import Measured


class EvaluatePredictionsOptions(RunSettings, total=False):
    """What may be given to `evaluate_predictions` beside the predictions; `limit` is refused."""

    train: Path | str | None
    """Dialogues that baselines learn from; default: the evaluated ones, cross-fitted."""
    labels: Path | str | Run[Any] | None
    """Run of `synthesize` whose categories and views label the messages."""
    k: int
    """Predictions that count, the first k of each; default 4."""
    thresholds: Mapping[str, float]
    """Measure (`cosine`, `chrf`, `ngrams`, `judge`) → similarity in [0, 1] from which on a prediction hits."""
    encoder: str
    """Sentence encoder: name or folder; `none`; `auto` (default): where installed."""
    multilingual_encoder: str | None
    judge_model: str | None
    """Have a model judge similarity, baselines included."""
    base_url: str | None
    api_key_env: str
    timeout: float | None
    dialogues: Path | str | None
    """Raw dialogues in which processed ProUtt files find their gold."""
    side: Literal["insight", "chosen", "rejected"]
    skip_bad: bool


class PredictionsMeasured:
    """Figures of predictions and of four baselines, each with its interval by dialogue."""

    def __init__(self, measured: Measured) -> None:
        self.measured = measured
        """The evaluation with every slice, what was read, and where `evaluation.json` lies."""

    def headline(self) -> str:
        """The figure that matters, in a sentence."""
        return self.measured.evaluation.headline()

    def table(self) -> Table:
        """Every measure of the model and the baselines, over all sources and languages; below, what was left out and notes."""
        from tactful.evaluation.utterance.report import cell, shown_measures

        found = self.measured.evaluation
        names, systems = shown_measures(found), found.slices[0].systems
        cells = [(one.name, *(cell(one, name) for name in names)) for one in systems]
        rows = [one.model_dump(mode="json") for one in systems]
        notes = (found.counts(), *(f"note: {note}" for note in found.caveats))
        return Table(("system", *names), cells, rows, "\n".join(notes))

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary for each system."""
        return self.table().rows()

    def page(self, path: Path | str) -> None:
        """Write the HTML page with plots and samples. Raises UsageError when it exists."""
        from tactful.evaluation.utterance.report import write_utterance_report

        if Path(path).exists():
            raise UsageError(f"{path}: exists already; give --html a new name")
        write_utterance_report([self.measured.evaluation], Path(path))

    def __repr__(self) -> str:
        return self.headline()

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@takes(EvaluatePredictionsOptions)
def evaluate_predictions(
    predictions: Run[Any] | Path | str | Sequence[Run[Any] | Path | str],
    **options: Unpack[EvaluatePredictionsOptions],
) -> PredictionsMeasured:
    """Predicted messages against the real ones: similarity, hit@k, intervals by dialogue, four baselines.

    `predictions` are runs of `predict` or `synthesize`, files of rows, or several of them, which are scored together.
    `evaluation.json` is written to `out`, or where a model judges, to its run.

    Raises UsageError, DataError for predictions that cannot be used together; MissingExtra for a named encoder.

    >>> import tactful as tf
    >>> talk = [{"role": "user", "content": "Plan a week in Rome"}, {"role": "assistant", "content": "Gladly. When?"},
    ...         {"role": "user", "content": "In May, with two children"}]
    >>> talks = [{"id": name, "conversation": talk} for name in "abc"]
    >>> run = tf.predict(talks, model="offline", out="runs/p", progress="off")
    >>> result = tf.evaluate_predictions(run, encoder="none")
    >>> result.table().heads[:2]
    ('system', 'chrf_best')
    """
    from tactful.data.io import is_taken
    from tactful.evaluation.utterance.judge import SCRIPTS
    from tactful.evaluation.utterance.measure import THRESHOLDS, Settings
    from tactful.evaluation.utterance.pipeline import PredictionSources, evaluate_sources

    several = [predictions] if isinstance(predictions, str | os.PathLike | Run) else list(predictions)
    name, seed = options.get("judge_model"), options.get("seed", 0)
    thresholds = {**THRESHOLDS, **options.get("thresholds", {})}
    _refuse_unusable(options, THRESHOLDS)
    sources = PredictionSources(
        [_place(one) for one in several],
        train=_path(options.get("train")),
        labels=_path(options.get("labels")),
        dialogues=_path(options.get("dialogues")),
        side=options.get("side", "insight"),
        skip_bad=options.get("skip_bad", False),
    )
    out = _path(options.get("out"))
    if out is not None and not options.get("resume") and is_taken(out):
        raise UsageError(f"{out}: is not an empty folder; give --out a new folder, or --resume")
    measured = outside_loop(
        lambda: evaluate_sources(
            sources,
            Settings(k=options.get("k", 4), thresholds=thresholds, seed=seed),
            encoder=options.get("encoder", "auto"),
            multilingual_encoder=options.get("multilingual_encoder"),
            judge=None if name is None else spec_of(name, SCRIPTS, options),
            options=run_options(options),
        )
    )
    return PredictionsMeasured(measured)


def _refuse_unusable(options: EvaluatePredictionsOptions, known: Collection[str]) -> None:
    """Raises: UsageError for numbers and names that would score nothing, or everything, without a word."""
    refuse_limit(options, "all predictions; limit the run that makes them")
    at_least_one("k", options.get("k"))
    one_of("side", options.get("side", "insight"), ("insight", "chosen", "rejected"))
    for name, value in options.get("thresholds", {}).items():
        if name not in known or not 0 <= value <= 1:
            raise UsageError(
                f"--hit {name}={value:g}: expected MEASURE=VALUE, one of {', '.join(known)} and a value in [0, 1]"
            )


def _place(one: Run[Any] | Path | str) -> Path | str:
    return one.folder if isinstance(one, Run) else one


def _path(one: Run[Any] | Path | str | None) -> Path | None:
    return None if one is None else Path(_place(one))
