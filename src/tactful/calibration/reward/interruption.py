"""What did it cost the user to be interrupted? C_interrupt, in two documented forms.

Both forms are linear in six counts of an episode (`Tally`), apart from the cap on the bonus, so the formula is
written once and serves one trajectory (integers) as well as a column of them (arrays).
Formulas, sources and why the constants are what they are: docs/concepts/rewards.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import Field

from tactful.calibration.types import StepCounts
from tactful.types import Record, Step


class InterruptionConfig(Record):
    """Form and constants of the interruption cost. Reward units: one passed task is worth 1."""

    form: Literal["clarification", "weighted"] = "clarification"
    """`clarification` looks at what became of each question; `weighted` at what the messages were like."""
    delta: float = Field(default=0.7, ge=0)
    """Clarification: δ, cost of a question that the user rejected. As much as the open requirements of a
    seed task are worth, so that a question must be welcome more often than not."""
    gamma: float = Field(default=0.3, ge=0)
    """Clarification: γ, bonus of a step whose question was answered and revealed an open requirement."""
    gamma_cap: float = Field(default=0.3, ge=0)
    """Clarification: most that the bonuses of one episode add up to. One good question's worth: without
    a cap, asking on and on pays better than solving the task."""
    lam: float = Field(default=0.1, ge=0)
    """Clarification: λ, cost of every question asked, answered or not: reading takes time."""
    alpha: float = Field(default=0.3, ge=0)
    """Weighted: α, scale of the whole cost. The published 0.6 makes LOW the best action everywhere, which
    leaves nothing to learn; select it with `alpha = 0.6`."""
    question_weight: float = Field(default=0.4, ge=0)
    """Weighted: per question."""
    reject_weight: float = Field(default=1.0, ge=0)
    """Weighted: per message that the user rejected."""
    too_long_weight: float = Field(default=0.3, ge=0)
    """Weighted: per message longer than `too_long_tokens`."""
    off_topic_weight: float = Field(default=0.7, ge=0)
    """Weighted: per message that the user called off topic."""
    too_long_tokens: int = Field(default=200, ge=0)
    """Weighted: a message with more tokens than this is too long."""


class Tally(NamedTuple):
    """Counts of an episode, or of what remains of it: integers, or integer arrays (one entry per episode)."""

    questions: Any
    """Questions asked."""
    rejected_questions: Any
    """Steps with a question that the user rejected: Σ b·r."""
    good_questions: Any
    """Steps with a question that was answered and revealed an open requirement: Σ b·a."""
    rejections: Any
    """Steps that the user rejected, whatever they held."""
    long_messages: Any
    """Steps longer than `too_long_tokens`."""
    off_topic: Any
    """Steps called off topic."""


def step_counts(step: Step) -> StepCounts:
    """What the cost needs to know of one step.

    An answer counts only when it revealed an open requirement: a user who is merely polite earns no bonus.
    """
    asked = step.questions > 0
    return StepCounts(
        asked=asked,
        questions=step.questions,
        rejected=step.reaction.reject_signal,
        answered=asked and step.reaction.answered_clarification and bool(step.revealed),
        tokens=step.tokens,
        off_topic=step.reaction.off_topic_flag,
    )


def tally(counts: Sequence[StepCounts], *, too_long_tokens: int) -> Tally:
    """The counts of these steps, added up."""
    return Tally(
        questions=sum(step.questions for step in counts),
        rejected_questions=sum(step.asked and step.rejected for step in counts),
        good_questions=sum(step.asked and step.answered for step in counts),
        rejections=sum(step.rejected for step in counts),
        long_messages=sum(step.tokens > too_long_tokens for step in counts),
        off_topic=sum(step.off_topic for step in counts),
    )


def cost_of(counted: Tally, config: InterruptionConfig, *, minimum: Callable[[Any, Any], Any] = min) -> Any:
    """C_interrupt of a tally, in reward units; higher is worse, below 0 when a question was welcome.

    `minimum` is `numpy.minimum` when the tally holds arrays.
    """
    if config.form == "clarification":
        bonus = minimum(config.gamma * counted.good_questions, config.gamma_cap)
        return config.delta * counted.rejected_questions + config.lam * counted.questions - bonus
    return config.alpha * (
        config.question_weight * counted.questions
        + config.reject_weight * counted.rejections
        + config.too_long_weight * counted.long_messages
        + config.off_topic_weight * counted.off_topic
    )


def interruption_cost(counts: Sequence[StepCounts], config: InterruptionConfig) -> float:
    """C_interrupt of these steps. The cap holds for the steps given: an episode, or what remains of it."""
    return float(cost_of(tally(counts, too_long_tokens=config.too_long_tokens), config))
