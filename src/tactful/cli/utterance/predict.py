"""`tactful utterance predict`: what the user says next, as any model sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tactful.cli.options import (
    DryRunFlag,
    JsonFlag,
    LogFlags,
    MaxCharsOption,
    ModelOption,
    RunFlags,
    SkipBadFlag,
)
from tactful.cli.output import emit_json, next_command, quoted, say, tell_end, tell_forecast
from tactful.cli.utterance.options import DialoguesArgument, ReasoningFlags, TargetsOption

if TYPE_CHECKING:
    from tactful.api.utterance.predict import PredictionRun


def predict(
    source: DialoguesArgument,
    *,
    model: ModelOption,
    targets: TargetsOption = "sample:1",
    log: LogFlags,
    at: ReasoningFlags,
    run: RunFlags,
    max_chars: MaxCharsOption = None,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask any model for the user's next message in every dialogue, with the prompt that training exports use.

    Example: `tactful utterance predict dialogues.jsonl --model offline --out runs/predictions`

    The same --targets and --seed as `utterance synthesize` predict the same messages.
    """
    from tactful.api.utterance import predict as prediction

    chosen: prediction.PredictOptions = {
        "targets": targets,
        "max_chars": max_chars,
        "skip_bad": skip_bad,
        "reading": log.given(),
        **at.given(),
        **run.given(),
    }
    if dry_run:
        expected = prediction.forecast_predict(source, model=model, **chosen)
        words = f"{expected.examples} messages to predict; estimated, nothing was sent:"
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _tell(prediction.predict(source, model=model, **chosen), as_json=as_json)


def _tell(run: PredictionRun, *, as_json: bool) -> None:
    told, summary = run.details, run.summary
    if as_json:
        emit_json(told)
    say(
        f"{summary.read} read = {summary.done} predicted + {summary.failed} failed + {summary.skipped} without a "
        f"possible target; {told['unparsable']} replies without a readable prediction; in {run.folder}"
    )
    if told["unparsable"]:
        say(f"ask for them again: tactful runs retry {quoted(run.folder)} --unscored")
    tell_end(run)
    next_command(f"tactful utterance evaluate {quoted(run.folder)}")
