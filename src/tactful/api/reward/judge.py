"""Moments judged: by a trained model, without network, or by a prompted one, as a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.inputs import NAMELESS, Input
from tactful.api.options import ModelOptions, RunSettings, configured, spec_of, takes
from tactful.api.reward.train import reward_model
from tactful.api.runs import Run, worked_over
from tactful.api.tables import to_pandas
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas

    from tactful.evaluation.judges.training import TrainedReward
    from tactful.reading.types import ReaderAtOnce
    from tactful.reward.embedded.model import RewardModel
    from tactful.reward.forecast import RewardForecast
    from tactful.reward.judging.reading import ReadingMomentJudge
    from tactful.reward.pipeline import LMJudgeConfig
    from tactful.reward.tuned.judge import TunedJudge
    from tactful.reward.types import Acceptance
    from tactful.runs import Job
    from tactful.types import LabelledMoment, Moment

MomentsToJudge = Path | str | Iterable["Moment | LabelledMoment | Mapping[str, Any]"]
"""A file of moments, whose labels are not read, or moments or such rows (`obs`, `pred_task`) in memory."""


class AskingOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `ask_moments` beside moments and model."""

    votes: int
    """Verdicts asked for per moment; default 1."""
    layout: Literal["tactful", "proactivebench"]
    """Our prompt, or the message that ProactiveBench sends."""
    max_chars: int
    """Most characters of events that are sent; halved where the model's context is too short."""
    skip_bad: bool


class Judgements(list["Acceptance"]):
    """What a trained model says of moments, in their order."""

    bad: int = 0
    """Unusable lines that were left out, with `skip_bad`."""
    seen: frozenset[str] = frozenset()
    """Suggestions: users among these whom the model was trained on; no figure on them is out of user."""

    def rows(self) -> list[dict[str, Any]]:
        """The judgements as dictionaries."""
        return [said.model_dump(mode="json") for said in self]

    def to_pandas(self) -> pandas.DataFrame:
        """The judgements as a data frame. Raises UserError where pandas is not installed."""
        return to_pandas(self.rows())

    def save(self, path: Path | str) -> None:
        """Write them as JSONL; `bench judge --judged` reads the file. Raises UsageError when it exists."""
        from tactful.data.io import write_jsonl

        if str(path) != "-" and Path(path).exists():
            raise UsageError(f"{path}: exists already; give another name")
        write_jsonl(path, self)


def judge_moments(
    moments: MomentsToJudge,
    model: RewardModel | TunedJudge | TrainedReward | ReaderAtOnce | Path | str,
    *,
    explain: bool = False,
    skip_bad: bool = False,
) -> Judgements:
    """What the trained model says of each moment: p_accept and p_need in [0, 1], the verdict; None where unscored.

    `model` may also be a reader (`encoder`). With `explain` also the reason in words, and what moved it. No network, no cost; labels are not read.

    Raises DataError for moments or a model that cannot be used.

    >>> import tactful as tf
    >>> trained = tf.train_reward(tf.moments(), limit=100, evaluate=False)
    >>> [said] = tf.judge_moments([tf.moments()[300].moment], trained, explain=True)
    >>> said.accepted in (True, False), "welcome with probability" in said.reason
    (True, True)
    """
    read = _read(moments, skip_bad)
    said = Judgements(one for _, one in moment_judge(model).judge_each(read, explain=explain))
    said.bad = read.bad
    return said


def moment_judge(
    given: RewardModel | TunedJudge | TrainedReward | ReaderAtOnce | Path | str,
) -> RewardModel | TunedJudge | ReadingMomentJudge:
    """The trained model, of a folder or in memory, or the reader, by its name or opened; a gate beside a model must be its own."""
    from tactful.reading.by_calls import ReaderByCalls
    from tactful.reading.opening import is_reader, open_embedded_reader
    from tactful.reading.types import ReaderAtOnce
    from tactful.reward.gate.store import gate_beside
    from tactful.reward.judging.reading import ReadingMomentJudge

    if isinstance(given, ReaderAtOnce):
        return ReadingMomentJudge(given, need=not isinstance(given, ReaderByCalls))
    if not isinstance(given, str | os.PathLike):
        return reward_model(given)[0]
    if is_reader(given):
        return ReadingMomentJudge(open_embedded_reader(str(given)))
    model, _ = reward_model(given)
    if (gate := gate_beside(Path(given))) is not None:
        gate.check(model)
    return model


@takes(AskingOptions)
def ask_moments(moments: MomentsToJudge, *, model: str, **options: Unpack[AskingOptions]) -> Run[Acceptance]:
    """The judgements of a prompted model, as a run: iterate over it, look at its failures, take them again.

    `model` is a model's name; `offline` rehearses without any. With several `votes` p_accept is their share. A tie,
    or no readable vote, is unscored. Options: see `AskingOptions`, `ModelOptions`, `RunSettings`.

    Raises UsageError for votes at temperature 0, DataError, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> run = tf.ask_moments(tf.moments()[:5], model="offline", out="runs/judged", progress="off")
    >>> run.summary.done, {said.accepted for said in run} <= {True, False, None}
    (5, True)
    """
    from tactful.reward.types import Acceptance

    skip_bad = options.get("skip_bad", False)
    config, read = _config(model, options), _read(moments, skip_bad)
    fix = "write one JSON object with `obs` and `pred_task` per line"
    make = partial(_job, config, read, skip_bad)
    summary, again = worked_over(make, read.name, options, what="moment", fix=fix)
    return Run(summary, Acceptance, source=read, again=again)


def forecast_asking(
    moments: MomentsToJudge, *, model: str, **options: Unpack[AskingOptions]
) -> RewardForecast:
    """Calls, tokens and cost that `ask_moments` would take; every prompt is made and measured, nothing is sent."""
    from tactful.reward.forecast import forecast_judging

    read = _read(moments, options.get("skip_bad", False))
    return forecast_judging(read, _config(model, options), limit=options.get("limit"))


def _config(model: str, options: AskingOptions) -> LMJudgeConfig:
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.judging.prompt import MAX_CHARS
    from tactful.reward.pipeline import MAX_TOKENS, LMJudgeConfig

    votes = options.get("votes", 1)
    if votes > 1 and options.get("temperature") == 0:
        raise UsageError(f"--votes {votes} at --temperature 0 draws the same reply {votes} times; raise it")
    spec = spec_of(
        model,
        SCRIPTS,
        options,
        max_tokens=options.get("max_tokens") or MAX_TOKENS,
        concurrency=options.get("concurrency", 32) * votes,
    )
    return configured(
        LMJudgeConfig,
        judge=spec,
        votes=votes,
        layout=options.get("layout", "tactful"),
        max_chars=options.get("max_chars", MAX_CHARS),
    )


def _read(moments: MomentsToJudge, skip_bad: bool) -> Input[Moment]:
    from tactful.data.formats.moments import moment_rows, parse_moment
    from tactful.types import LabelledMoment, Moment

    def bare(item: Any) -> Moment:
        if isinstance(item, LabelledMoment):
            return item.moment
        try:
            return item if isinstance(item, Moment) else parse_moment(item)
        except ValueError as error:
            raise DataError(f"{NAMELESS}: {error}") from error

    return Input.of(moments, lambda path: moment_rows(path, skip_bad=skip_bad), check=bare)


def _job(config: LMJudgeConfig, read: Input[Moment], skip_bad: bool) -> Job:
    """The run over `read`, with its total and how it is taken up again."""
    from tactful.reward.pipeline import judge_job

    return read.job(judge_job(config, read), skip_bad=skip_bad)


def retry_judge(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.reward.pipeline import LMJudgeConfig

    return _job(LMJudgeConfig.model_validate(config), _read(source, skip_bad), skip_bad)
