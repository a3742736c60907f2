"""`tactful utterance predict`: what the user says next, as any model sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tactful.cli.options import DryRunFlag, JsonFlag, ModelOption, RunFlags, SkipBadFlag
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    quoted,
    say,
    tell_bad,
    tell_calls,
    tell_failures,
)
from tactful.cli.utterance.options import NO_DIALOGUE, DialoguesArgument, ReasoningFlags, TargetsOption

if TYPE_CHECKING:
    from tactful.runs import RunSummary
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.predict.predictor import PredictForecast


def predict(
    source: DialoguesArgument,
    *,
    model: ModelOption,
    targets: TargetsOption = "sample:1",
    at: ReasoningFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask any model for the user's next message in every dialogue, with the prompt that training exports use.

    Example: `tactful utterance predict dialogues.jsonl --model offline --out runs/predictions`

    The same --targets and --seed as `utterance synthesize` predict the same messages.
    """
    from tactful.runs import begun, run_job
    from tactful.utterance.dialogues import open_examples
    from tactful.utterance.predict.predictor import SCRIPTS, PredictConfig, forecast, predict_job

    spec = at.spec(model, SCRIPTS, run)
    examples = open_examples(source, targets, seed=run.seed, skip_bad=skip_bad)
    if dry_run:
        _tell_forecast(forecast(examples, spec, limit=run.limit), model, as_json=as_json)
        return
    job = predict_job(PredictConfig(targets=targets, seed=run.seed, assistant=spec), examples)
    first = begun(iter(examples), examples.rows.name, what="dialogue", fix=NO_DIALOGUE)
    _report(run_job(replace(job, source=first), run.options()), examples, as_json=as_json)


def _tell_forecast(expected: PredictForecast, model: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    say(f"{expected.examples} messages to predict; estimated, nothing was sent:")
    tell_calls(
        model, expected.examples, expected.prompt_tokens, expected.completion_tokens, expected.cost_usd
    )


def _report(summary: RunSummary, examples: Examples, *, as_json: bool) -> None:
    from tactful.utterance.predict.predictor import Prediction

    folder = summary.folder
    unparsable = sum(not record.usable for record in folder.records(Prediction))
    if as_json:
        emit_json(
            {
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
        )
    say(
        f"{summary.read} read = {summary.done} predicted + {summary.failed} failed + {summary.skipped} without a "
        f"possible target; {unparsable} replies without a readable prediction; in {folder.path}"
    )
    tell_bad(examples.rows)
    tell_failures(summary)
    end_empty(summary)
    next_command(f"tactful utterance evaluate {quoted(folder.path)}")
