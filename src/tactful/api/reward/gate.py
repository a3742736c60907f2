"""When does speaking pay? A gate from what errors cost, with what to expect of it and what can be promised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from tactful.api.options import configured, one_of
from tactful.api.reward.moments import MomentsGiven, labelled
from tactful.api.reward.train import reward_model
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.gates.report import GateReport
    from tactful.evaluation.judges.training import TrainedReward
    from tactful.reward.embedded.model import RewardModel
    from tactful.reward.tuned.judge import TunedJudge


def set_gate(
    model: RewardModel | TunedJudge | TrainedReward | Path | str,
    moments: MomentsGiven,
    *,
    cost_false_alarm: float,
    cost_miss: float = 1.0,
    form: Literal["prism", "utility"] = "prism",
    need: Literal["judged", "certain"] = "judged",
    abstain: tuple[float, float] | None = None,
    promise: float | None = None,
    confidence: float = 0.9,
    of: Literal["rate", "ratio", "session-ratio"] = "rate",
    leave_one_session_out: bool = False,
    seed: int = 0,
    skip_bad: bool = False,
) -> GateReport:
    """A gate on the model's p(accept), with its figures beside baselines. `.gate.decide(said)` decides, `.save(folder)` writes.

    Costs are above 0, in any one unit; a higher cost of false alarms speaks less. `abstain` are two probabilities
    between which it does not decide. `promise` in (0, 1) bounds the mean false-alarm `of` new sessions with
    `confidence`; `.gate` is None where that cannot be promised. Sessions that the model was trained on are left out;
    `leave_one_session_out` judges each by a model trained on the others instead, and promises nothing.

    Raises UserError when no session is left, UsageError for `leave_one_session_out` of a model that saw none of these
    sessions, and for options that do not fit together.

    >>> import tactful as tf
    >>> known, new = tf.moments()[:200], tf.moments()[200:]
    >>> trained = tf.train_reward(known, evaluate=False)
    >>> report = tf.set_gate(trained, new, cost_false_alarm=2, cost_miss=1)
    >>> report.gate.decide(trained.model.judge_now([new[-1].moment])[0]).action in ("speak", "silent")
    True
    """
    from tactful.evaluation.gates.setup import Asked, crossed, unseen
    from tactful.evaluation.gates.setup import set_gate as set_on
    from tactful.reward.gate.promise import Of
    from tactful.reward.gate.rule import Costs, GateConfig
    from tactful.reward.tuned.judge import TunedJudge

    one_of("form", form, ("prism", "utility"))
    one_of("of", of, get_args(Of))
    _refuse_misfits(cost_false_alarm, promise, confidence, of, banded=abstain is not None)
    low, high = abstain or (None, None)
    by_costs = configured(
        GateConfig,
        form=form,
        costs=configured(Costs, false_alarm=cost_false_alarm, miss=cost_miss),
        need=need,
        abstain_low=low,
        abstain_high=high,
    )
    found, name = reward_model(model)
    data = labelled(moments, skip_bad=skip_bad)
    if not leave_one_session_out:
        judged = unseen(data.moments, found, name)
    elif isinstance(found, TunedJudge):
        raise UsageError(
            f"--leave-one-session-out trains the embedded model anew for every session, and {name} is a tuned language "
            "model; leave it out and give sessions that the model has not seen"
        )
    else:
        judged = crossed(data.moments, found, name, seed)
    asked = None if promise is None else Asked(alpha=promise, delta=round(1 - confidence, 12), of=of)
    return set_on(judged, by_costs, asked, data=data.name, bad_rows=data.bad, seed=seed)


def _refuse_misfits(
    cost_false_alarm: float, promise: float | None, confidence: float, of: str, *, banded: bool
) -> None:
    if cost_false_alarm <= 0:
        raise UsageError("--cost-false-alarm is 0: then every proposal pays; give a cost above 0")
    for name, value in (("--promise", promise), ("--confidence", confidence)):
        if value is not None and not 0 < value < 1:
            raise UsageError(f"{name} is {value:g}, expected a number between 0 and 1, both excluded")
    if promise is None and (of != "rate" or confidence != 0.9):
        raise UsageError("--of and --confidence say what is promised; they need --promise")
    if promise is not None and of != "rate" and banded:
        raise UsageError(
            f"--abstain changes what is said, and a promise about the {of} holds only for its very threshold; "
            "leave one of them out"
        )
