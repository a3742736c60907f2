"""The thoughts that lead to people's verdicts, each checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.inputs import Input
from tactful.api.options import ModelOptions, RunSettings, configured, spec_of, takes
from tactful.api.reward.moments import MomentsGiven
from tactful.api.runs import Run, worked_over
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.reward.forecast import RewardForecast
    from tactful.reward.pipeline import ReasonsConfig
    from tactful.reward.reasons.export import ReasonsExport
    from tactful.reward.reasons.thoughts import ReasonedMoment
    from tactful.runs import Job
    from tactful.types import LabelledMoment


class ReasonsOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `reasons` beside moments and model. Defaults are those of the command."""

    checks: int
    """Re-derivations from the thought alone; all must agree."""
    tries: int
    """Most thoughts asked for per moment; then it is skipped."""
    max_chars: int
    skip_bad: bool


class ReasonsRun(Run["ReasonedMoment"]):
    """Thoughts that were kept; moments for which none was are skipped, with the reason."""

    def as_dict(self) -> dict[str, Any]:
        """What the command prints with `--json`."""
        one = self.summary
        records: Iterable[ReasonedMoment] = self
        kept = [(record.category, record.tries) for record in records]
        why = {reason: count for _, _, reason, count in one.folder.reasons("skipped")}
        return {
            "run": str(self.folder),
            "moments": {**one.counts(), "skipped_because": why, "bad_lines": self.bad},
            "categories": dict(sorted(Counter(category for category, _ in kept).items())),
            "kept_at_try": {str(at): count for at, count in sorted(Counter(at for _, at in kept).items())},
            "usage": one.usage.model_dump(mode="json"),
        }

    def export(self, to: Literal["llama-factory", "trl"], out: Path | str, **options: Any) -> ReasonsExport:
        """Training files for a judge that thinks first, as `reward export` writes them; its flags are the options."""
        from tactful.reward.reasons.export import export_reasons

        return export_reasons(self.folder, to, Path(out), **options)


@takes(ReasonsOptions)
def reasons(moments: MomentsGiven, *, model: str, **options: Unpack[ReasonsOptions]) -> ReasonsRun:
    """The thoughts that lead to people's verdicts, kept only when checks re-derive the verdict from them.

    Raises UsageError for several draws at temperature 0, DataError, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> run = tf.reasons(tf.moments()[:4], model="offline", out="runs/reasons", progress="off")
    >>> run.summary.done + run.summary.skipped, run.export("trl", "training").records == run.summary.done
    (4, True)
    """
    from tactful.reward.reasons import thoughts

    skip_bad = options.get("skip_bad", False)
    config, read = _config(model, options), _read(moments, skip_bad)
    fix = "write one JSON object with `obs`, `pred_task` and `valid` per line"
    make = partial(_job, config, read, skip_bad)
    summary, again = worked_over(make, read.name, options, what="annotated moment", fix=fix)
    return ReasonsRun(summary, thoughts.ReasonedMoment, source=read, again=again)


def forecast_reasons(
    moments: MomentsGiven, *, model: str, **options: Unpack[ReasonsOptions]
) -> RewardForecast:
    """Calls, tokens and cost that `reasons` would take; every prompt is made and measured, nothing is sent."""
    from tactful.reward.forecast import forecast_reasons as forecast

    read = _read(moments, options.get("skip_bad", False))
    return forecast(read, _config(model, options), limit=options.get("limit"))


def _config(model: str, options: ReasonsOptions) -> ReasonsConfig:
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import MAX_TOKENS, ReasonsConfig

    given = {name: options[name] for name in ("checks", "tries", "max_chars") if name in options}
    spec = spec_of(model, SCRIPTS, {"max_tokens": MAX_TOKENS, **options})
    config = configured(ReasonsConfig, model=spec, **given)
    if options.get("temperature") == 0 and (config.checks > 1 or config.tries > 1):
        raise UsageError(
            "--temperature 0 draws the same reply at every check and try; raise it, or give --checks 1 --tries 1"
        )
    return config


def _read(moments: MomentsGiven, skip_bad: bool) -> Input[LabelledMoment]:
    from tactful.data.formats.moments import labelled_rows

    return Input.of(moments, lambda path: labelled_rows(path, skip_bad=skip_bad))


def _job(config: ReasonsConfig, read: Input[LabelledMoment], skip_bad: bool) -> Job:
    """The run over `read`, with its total and how it is taken up again."""
    from tactful.reward.pipeline import reasons_job

    return read.job(reasons_job(config, read), skip_bad=skip_bad)


def retry_reasons(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.reward.pipeline import ReasonsConfig

    return _job(ReasonsConfig.model_validate(config), _read(source, skip_bad), skip_bad)
