"""From what a judge states to what is trusted: the fitted confidence, and τ_c as a target precision."""

from __future__ import annotations

from tactful.feedback.types import FeedbackConfig, FittedConfidence, TurnJudgement, reward_of


def refit(
    judgement: TurnJudgement,
    source: str,
    config: FeedbackConfig,
    fitted: FittedConfidence,
    *,
    precision: float | None = None,
) -> TurnJudgement:
    """The judgement with the probability of being right as its confidence, and the reward that follows.

    A source that the map was not fitted on keeps the stated confidence and stays marked as not fitted; under a
    target `precision` it never updates, because nothing is known about its precision.
    """
    if judgement.label is None:
        return judgement
    confidence = fitted.probability(judgement, source)
    tau_c = config.tau_c if precision is None else fitted.threshold(source, precision)
    known = judgement.confidence if confidence is None else confidence
    assert known is not None
    if tau_c is None or (confidence is None and precision is not None):
        reward, should_update, tau_c = 0.0, False, None
    else:
        reward, should_update = reward_of(judgement.label, known, config.model_copy(update={"tau_c": tau_c}))
    return judgement.model_copy(
        update={
            "confidence": known,
            "fitted": confidence is not None,
            "reward": reward,
            "should_update": should_update,
            "tau_c": tau_c,
        }
    )
