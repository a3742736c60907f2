"""Dialogues become training data for predicting the user's next message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.options import ModelOptions, RunSettings, configured, others, spec_of, takes
from tactful.api.runs import Run, worked_over
from tactful.api.utterance.dialogues import Dialogues, dialogues
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.data.formats.chats import Dialogue
    from tactful.utterance.dialogues import Examples
    from tactful.utterance.forecast import SynthesisForecast
    from tactful.utterance.pipeline import SynthesizeConfig
    from tactful.utterance.summary import SynthesisSummary
    from tactful.utterance.types import PairedExample  # noqa: F401 - in the base of SynthesisRun

NO_DIALOGUE = "write one JSON object with `id` and `conversation` per line"
"""What to do about a file without dialogues."""


class SynthesizeOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `synthesize` beside dialogues and model."""

    targets: str
    """Which user turns are predicted: `sample:N` per dialogue (default `sample:1`), `last` or `all`."""
    contrast: Literal["path", "category", "both"]
    """In what the rejected side differs from the chosen one."""
    high: float
    """Best similarity, in [0, 1], from which an insight is chosen as it is; default 0.8."""
    low: float
    """Best similarity below which it is rejected as it is; default 0.3."""
    min_gap: float
    """Least best(chosen) − best(rejected) of a kept pair; default 0.2."""
    max_chars: int
    """Longest context that is sent whole."""
    skip_bad: bool
    reading: LogReading | None
    """How a log is read, as in `tf.conversations`."""


class SynthesisRun(Run["PairedExample"]):
    """Paired examples; `export` writes those with a kept pair for a trainer."""

    @cached_property
    def made(self) -> SynthesisSummary:
        """Branches, kept and dropped pairs, contrast and leaks."""
        from tactful.utterance.summary import summarise

        return summarise(self)


@takes(SynthesizeOptions)
def synthesize(
    talks: Dialogues | Iterable[Mapping[str, Any] | Dialogue] | Path | str,
    *,
    model: str,
    **options: Unpack[SynthesizeOptions],
) -> SynthesisRun:
    """Reasoned, contrastive training data: for each target a chosen and a rejected reasoning with its predictions.

    Seven stages and about ten calls a target. `model` is a model's name; `offline` rehearses without any. Options:
    see `SynthesizeOptions`, `ModelOptions`, `RunSettings`.

    Raises DataError for dialogues that cannot be used, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> talk = [{"role": "user", "content": "Plan a week in Rome"}, {"role": "assistant", "content": "Gladly. When?"},
    ...         {"role": "user", "content": "In May, with two children"}]
    >>> run = tf.synthesize([{"id": "a", "conversation": talk}], model="offline", out="runs/s", progress="off")
    >>> [(pair.id, pair.chosen.origin) for pair in run]  # doctest: +ELLIPSIS
    [('a#1', '...')]
    """
    from tactful.utterance.pipeline import synthesize_job
    from tactful.utterance.types import PairedExample

    config, examples = _opened(talks, model, options)
    job = synthesize_job(config, examples)
    rows = examples.rows
    summary, again = worked_over(lambda: job, rows.name, options, what="dialogue", fix=NO_DIALOGUE)
    run = SynthesisRun(summary, PairedExample, source=rows, again=again)
    _sum_up(run, examples)
    return run


def forecast_synthesize(
    talks: Dialogues | Iterable[Mapping[str, Any] | Dialogue] | Path | str,
    *,
    model: str,
    **options: Unpack[SynthesizeOptions],
) -> SynthesisForecast:
    """Calls, tokens and cost that `synthesize` would take, estimated from above; nothing is sent."""
    from tactful.utterance.forecast import forecast

    config, examples = _opened(talks, model, options)
    return forecast(examples, config, limit=options.get("limit"))


def _opened(talks: Any, model: str, options: SynthesizeOptions) -> tuple[SynthesizeConfig, Examples]:
    from tactful.utterance.pipeline import SCRIPTS, SynthesizeConfig

    chosen = others(options)
    how = {"skip_bad": chosen.pop("skip_bad", False), "reading": chosen.pop("reading", None)}
    seed = options.get("seed", 0)
    low, high = chosen.get("low", 0.3), chosen.get("high", 0.8)
    if low > high:
        raise UsageError(f"--low {low:g} is above --high {high:g}; the lower threshold comes first")
    config = configured(SynthesizeConfig, **chosen, seed=seed, assistant=spec_of(model, SCRIPTS, options))
    return config, dialogues(talks, **how).examples(config.targets, seed=seed)


def _sum_up(run: SynthesisRun, examples: Examples) -> None:
    """What became of the dialogues, kept in the run and in its `summary.json`."""
    summary = run.summary
    summary.folder.save_summary(
        {
            "run": str(run.folder),
            "dialogues": {
                "read": examples.dialogues,
                "without_target": examples.untargeted,
                "bad_lines": run.bad,
            },
            "targets": {
                **summary.counts(),
                "skipped_because": {
                    reason: count for _, _, reason, count in summary.folder.reasons("skipped")
                },
            },
            **run.made.model_dump(mode="json"),
            "usage": summary.usage.model_dump(mode="json"),
        }
    )
