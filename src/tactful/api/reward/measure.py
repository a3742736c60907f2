"""How good is a judge of moments, beside what any judge must beat?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from tactful.api.options import ModelOptions, spec_of, takes
from tactful.api.reward.moments import MomentsGiven, labelled
from tactful.api.reward.train import reward_model
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.judges.bench import Judged
    from tactful.evaluation.judges.report import JudgeBench
    from tactful.evaluation.judges.training import TrainedReward
    from tactful.reward.embedded.model import RewardModel
    from tactful.reward.tuned.judge import TunedJudge
    from tactful.types import LabelledMoment


class MeasureOptions(ModelOptions, total=False):
    """What may be given to `measure_judge` beside moments and judge."""

    likeness: str
    """Without a judge: how our model compares texts; default `ngrams`."""
    allow_seen: bool
    """Measure also on sessions that `model` was trained on, and by labels that the judge gave itself; marked so."""
    leak: bool
    """Without a judge: also show what a split by item gives away."""
    votes: int
    """`judge`: verdicts asked for per moment."""
    probes: int
    """Try to game the judge on this many moments: length, parroting, praise, orders; default 0."""
    cache: Path | str | None
    concurrency: int
    limit: int | None
    seed: int
    skip_bad: bool


@takes(MeasureOptions)
def measure_judge(
    moments: MomentsGiven,
    *,
    model: RewardModel | TunedJudge | TrainedReward | Path | str | None = None,
    judge: str | None = None,
    judged: Path | str | None = None,
    **options: Unpack[MeasureOptions],
) -> JudgeBench:
    """The four categories weighted equally, with intervals by session and baselines; `print` it, or `.save(folder)`.

    Measures `model` (a trained one), `judge` (a prompted one, by name) or `judged` (judgements in a file or run);
    with none of them our embedded model, each session judged by one that was trained on the others.

    Raises UsageError for two judges, for a model that has seen these sessions, and for a judge that gave these labels
    itself; DataError; UserError for fewer than three sessions.

    >>> import tactful as tf
    >>> found = tf.measure_judge(tf.moments(), limit=130)
    >>> found.measured.row.equal["balanced_accuracy"].low is not None, len(found.rows())
    (True, 5)
    """
    from tactful.evaluation.judges.bench import bench

    _refuse_misfits(model, judge, judged, options)
    data = labelled(moments, limit=options.get("limit"), skip_bad=options.get("skip_bad", False))
    likeness, seed = options.get("likeness", "ngrams"), options.get("seed", 0)
    leak = likeness if options.get("leak") else None
    return outside_loop(
        lambda: bench(data, _judged(data.moments, model, judge, judged, options), leak=leak, seed=seed)
    )


def _judged(
    items: Sequence[LabelledMoment],
    model: RewardModel | TunedJudge | TrainedReward | Path | str | None,
    judge: str | None,
    judged: Path | str | None,
    options: MeasureOptions,
) -> Judged:
    from tactful.evaluation.judges.bench import by_model, by_prompt, crossed, from_file
    from tactful.reward.judging.judge import SCRIPTS

    attacked, seed = options.get("probes", 0), options.get("seed", 0)
    if model is not None:
        found, name = reward_model(model)
        seen = options.get("allow_seen", False)
        return by_model(items, found, name, attacked=attacked, allow_seen=seen, seed=seed)
    if judged is not None:
        return from_file(items, Path(judged), allow_seen=options.get("allow_seen", False))
    if judge is None:
        return crossed(items, likeness=options.get("likeness", "ngrams"), attacked=attacked, seed=seed)
    cache, concurrency = options.get("cache"), options.get("concurrency", 16)
    return asyncio.run(
        by_prompt(
            items,
            spec_of(judge, SCRIPTS, options, concurrency=concurrency),
            votes=options.get("votes", 1),
            cache=None if cache is None else Path(cache),
            concurrency=concurrency,
            attacked=attacked,
            allow_seen=options.get("allow_seen", False),
            seed=seed,
        )
    )


def _refuse_misfits(model: object, judge: str | None, judged: object, options: MeasureOptions) -> None:
    """Raises: UsageError for more than one judge, and for options of another one."""
    if sum(way is not None for way in (model, judge, judged)) > 1:
        raise UsageError(
            "name one judge to measure: --model FOLDER, --leave-one-session-out, --judge MODEL or --judged FILE"
        )
    trained_here = model is None and judge is None and judged is None
    if judge is None and (options.get("votes", 1) != 1 or options.get("cache") is not None):
        raise UsageError("--votes and --cache belong to --judge; no other judge asks a model")
    if options.get("likeness", "ngrams") != "ngrams" and not trained_here:
        raise UsageError("--likeness belongs to --leave-one-session-out; no other judge is trained here")
    if options.get("allow_seen") and trained_here:
        raise UsageError(
            "--allow-seen has no use with --leave-one-session-out: no session is judged by what saw it"
        )
    if options.get("leak") and not trained_here:
        raise UsageError("--leak trains anew under two splits; it belongs to --leave-one-session-out")
    if options.get("probes") and judged is not None:
        raise UsageError(
            "--probes asks the judge again; judgements in a file cannot be asked (leave out --probes)"
        )
