"""What the user says next, as any model sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.options import ModelOptions, RunSettings, configured, spec_of, takes
from tactful.api.runs import Run, worked_over
from tactful.api.utterance.dialogues import Dialogues, dialogues
from tactful.api.utterance.synthesize import NO_DIALOGUE

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.data.formats.chats import Dialogue
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.predict.predictor import PredictConfig, PredictForecast, Prediction  # noqa: F401


class PredictOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `predict` beside dialogues and model."""

    targets: str
    """Which user turns are predicted: `sample:N` per dialogue (default `sample:1`), `last` or `all`."""
    max_chars: int | None
    """Longest context that is sent whole, in characters; None: the default."""
    skip_bad: bool
    reading: LogReading | None
    """How a log is read, as in `tf.conversations`."""


class PredictionRun(Run["Prediction"]):
    """Predictions, one for each target; one whose reply could not be read has none and is counted as such."""


@takes(PredictOptions)
def predict(
    talks: Dialogues | Iterable[Mapping[str, Any] | Dialogue] | Path | str,
    *,
    model: str,
    **options: Unpack[PredictOptions],
) -> PredictionRun:
    """The user's next message in every dialogue as `model` foresees it: two predictions each of both views, mining first.

    The prompt is the one that training exports use; equal `targets` and `seed` as for `synthesize` predict the same
    messages. Options: see `PredictOptions`, `ModelOptions`, `RunSettings`.

    Raises DataError for dialogues that cannot be used, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> talk = [{"role": "user", "content": "Plan a week in Rome"}, {"role": "assistant", "content": "Gladly. When?"},
    ...         {"role": "user", "content": "In May, with two children"}]
    >>> run = tf.predict([{"id": "a", "conversation": talk}], model="offline", out="runs/p", progress="off")
    >>> [prediction] = run
    >>> prediction.hindsight.message, prediction.usable
    ('In May, with two children', True)
    """
    from tactful.utterance.predict.predictor import Prediction, predict_job

    config, examples = _opened(talks, model, options)
    job = predict_job(config, examples)
    rows = examples.rows
    summary, again = worked_over(lambda: job, rows.name, options, what="dialogue", fix=NO_DIALOGUE)
    run = PredictionRun(summary, Prediction, source=rows, again=again)
    summary.folder.save_summary(
        {
            "run": str(run.folder),
            "dialogues": {"read": examples.dialogues, "without_target": examples.untargeted},
            "bad_lines": run.bad,
            **summary.counts(),
            "unparsable": sum(not prediction.usable for prediction in run),
            "usage": summary.usage.model_dump(mode="json"),
        }
    )
    return run


def forecast_predict(
    talks: Dialogues | Iterable[Mapping[str, Any] | Dialogue] | Path | str,
    *,
    model: str,
    **options: Unpack[PredictOptions],
) -> PredictForecast:
    """Calls, tokens and cost that `predict` would take; every prompt is made and measured, nothing is sent."""
    from tactful.utterance.predict.predictor import forecast

    config, examples = _opened(talks, model, options)
    return forecast(examples, config, limit=options.get("limit"))


def _opened(talks: Any, model: str, options: PredictOptions) -> tuple[PredictConfig, Examples]:
    from tactful.utterance.predict.predictor import SCRIPTS, PredictConfig

    targets, seed = options.get("targets", "sample:1"), options.get("seed", 0)
    max_chars = options.get("max_chars")
    config = configured(
        PredictConfig,
        targets=targets,
        seed=seed,
        assistant=spec_of(model, SCRIPTS, options),
        **({} if max_chars is None else {"max_chars": max_chars}),
    )
    read = dialogues(talks, skip_bad=options.get("skip_bad", False), reading=options.get("reading"))
    return config, read.examples(targets, seed=seed)
