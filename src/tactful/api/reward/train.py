"""Reward models: trained on labelled moments, measured on sessions that they have not seen, saved with a card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.api.reward.moments import MomentsGiven, labelled
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.judges.training import TrainedReward
    from tactful.reward.embedded.model import RewardModel
    from tactful.reward.tuned.judge import TunedJudge


def train_reward(
    moments: MomentsGiven,
    *,
    likeness: str = "ngrams",
    evaluate: bool = True,
    limit: int | None = None,
    seed: int = 0,
    skip_bad: bool = False,
) -> TrainedReward:
    """The embedded reward model, two calibrated heads; seconds on a CPU, no network. `.save(folder)` writes it.

    `.model` judges: p_accept in [0, 1], higher means surer of acceptance. With `evaluate`, `.measured` and `.figures`
    say what it is worth: each session judged by a model trained on the others; below three sessions `.why_not`.
    `likeness` compares texts: `ngrams`, or a sentence encoder's name or folder.

    Raises DataError when the moments are too few, of one session, or all accepted or rejected.

    >>> import tactful as tf
    >>> trained = tf.train_reward(tf.moments(), limit=100, evaluate=False)
    >>> model, card = trained.save("model")
    >>> [said] = tf.load("model").judge_now([tf.moments()[200].moment], explain=True)
    >>> 0 <= said.p_accept <= 1, said.influences[0].words != ""
    (True, True)
    """
    from tactful.evaluation.judges.training import train_reward as train

    data = labelled(moments, limit=limit, skip_bad=skip_bad)
    return outside_loop(lambda: train(data, likeness=likeness, evaluate=evaluate, seed=seed))


def reward_model(
    given: RewardModel | TunedJudge | TrainedReward | Path | str,
) -> tuple[RewardModel | TunedJudge, str]:
    """(the model, what messages call it)."""
    import os

    if isinstance(given, str | os.PathLike):
        from tactful.reward.opening import open_judge

        return open_judge(Path(given)), str(given)
    from tactful.data.io import shorten
    from tactful.reward.types import JudgeAtOnce

    found = given if isinstance(given, JudgeAtOnce) else getattr(given, "model", None)
    if not isinstance(found, JudgeAtOnce):
        raise UsageError(f"{shorten(given)} is no reward model; tf.train_reward makes one, tf.load opens it")
    model: Any = found
    return model, f"the model '{model.name}'"
