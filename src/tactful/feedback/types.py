"""The records of feedback: an exchange with its follow-up, and what a judge makes of it.

A judgement is scored (label, confidence, reward) or **unscored** (none of them, and a reason). Unscored is
neither neutral nor zero: whatever trains or measures leaves it out and counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from tactful.feedback.labels import DEFAULT_REWARDS, DEFAULT_TAU_C, Label
from tactful.types import Provenance, Record, Written, content_hash

Share = Annotated[float, Field(ge=0, le=1)]


class FeedbackConfig(Record):
    """What a label is worth, and how sure a judge must be for it to count."""

    rewards: Mapping[Label, float] = DEFAULT_REWARDS
    """Label → reward in [-1, 1]; labels that are left out keep their default."""
    tau_c: Share = DEFAULT_TAU_C
    """τ_c: a judgement with a lower confidence has reward 0 and `should_update` false."""

    @field_validator("rewards", mode="before")
    @classmethod
    def _complete(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {**{label.value: reward for label, reward in DEFAULT_REWARDS.items()}, **given}

    @field_validator("rewards")
    @classmethod
    def _in_range(cls, rewards: Mapping[Label, float]) -> Mapping[Label, float]:
        for label, reward in rewards.items():
            if not -1 <= reward <= 1:
                raise ValueError(f"the reward of {label} must be in [-1, 1], got {reward}")
        if rewards[Label.TOPIC_SHIFT] != 0:
            raise ValueError(
                f"topic_shift says nothing about the answer: its reward is 0, got {rewards[Label.TOPIC_SHIFT]}"
            )
        return rewards


def reward_of(label: Label, confidence: float, config: FeedbackConfig) -> tuple[float, bool]:
    """(reward, should_update). Below τ_c, and for a topic shift, the reward is 0 and nothing is learned."""
    if confidence < config.tau_c or label is Label.TOPIC_SHIFT:
        return 0.0, False
    return config.rewards[label], True


class Turn(Record):
    """One exchange and the user's next message: all that a judge may see is `q_t`, `a_t` and `user_next`."""

    id: str = Field(min_length=1)
    """`<dialogue id>/<index>`; unique in a file."""
    q_t: str
    """What the user asked; never blank."""
    a_t: str
    """What the assistant answered; blank when it said nothing."""
    user_next: str
    """What the user wrote next; never blank."""
    dialogue_id: str
    """Splits and intervals go by it."""
    index: int = Field(default=0, ge=0)
    """Place among the exchanges of its dialogue, from 0."""
    source: str = ""
    """Where the dialogue comes from: the set or product that a fitted confidence belongs to."""
    lang: str = ""
    meta: Mapping[str, JsonValue] = {}
    """Other keys of the dialogue and of the answer, such as assistant, model or time; never sent to a judge."""

    @field_validator("q_t", "user_next")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is blank; a turn needs the user's query and the user's next message")
        return text

    @property
    def dialogue_hash(self) -> str:
        """Twelve hex digits for source and dialogue: what was trained or fitted on turns names them so."""
        return content_hash(f"{self.source}\x1f{self.dialogue_id}")[:12]


class LabelledTurn(Turn):
    """A turn with the label that people gave it. Judges never see the label: they read three texts by name."""

    label7: Label
    accept: tuple[Label, ...] = ()
    """Further labels that are tolerable; `label7` always is."""

    @property
    def tolerable(self) -> frozenset[Label]:
        """Every label that counts as right under the tolerant reading."""
        return frozenset({self.label7, *self.accept})


class Vote(Record):
    """One reply of one judge of a panel. `label` None: it could not be read, for `reason`."""

    judge: str
    """Name of the model."""
    sample: int = Field(default=0, ge=0)
    """Tells several draws of one model apart."""
    label: Label | None
    confidence: Share | None = None
    """As stated by the judge."""
    rationale: str = ""
    reason: str = ""


class TurnJudgement(Record):
    """What a judge says of one turn. Label, confidence and reward are None together: then it is unscored."""

    turn_id: str
    label: Label | None
    confidence: Share | None
    """Trust in the label; it counts from the cut τ_c on. A probability of being right only when `fitted`."""
    rationale: str = ""
    reward: float | None
    """0 below the cut; None when unscored, which is not 0."""
    should_update: bool
    unscored_reason: str = ""
    fitted: bool = False
    """The confidence went through a map fitted for this turn's source."""
    stated_confidence: Share | None = None
    """As the judge stated it, or the panel's posterior, before any fitted map."""
    tau_c: Share | None = None
    """The threshold that was applied."""
    posterior: Mapping[Label, float] = {}
    """Panels: probability of every label; sums to 1."""
    share: Share | None = None
    """Panels: share of the readable votes that agree with the label."""
    votes: tuple[Vote, ...] = ()
    """Panels: every reply."""
    provenance: Provenance

    @property
    def unscored(self) -> bool:
        """True when there is no judgement. The runner counts these, and `runs retry --unscored` takes them again."""
        return self.label is None

    @model_validator(mode="after")
    def _scored_or_not(self) -> Self:
        none = {self.label is None, self.confidence is None, self.reward is None}
        if len(none) > 1:
            raise ValueError("label, confidence and reward are given together or not at all")
        if self.label is None and (self.should_update or not self.unscored_reason):
            raise ValueError("an unscored judgement has a reason and never updates")
        return self

    @classmethod
    def scored(
        cls,
        turn_id: str,
        label: Label,
        confidence: float,
        config: FeedbackConfig,
        *,
        provenance: Provenance,
        rationale: str = "",
        **more: Any,
    ) -> Self:
        """A judgement, its reward by `config`."""
        reward, should_update = reward_of(label, confidence, config)
        values = {"stated_confidence": confidence, "tau_c": config.tau_c, **more}
        return cls(
            turn_id=turn_id,
            label=label,
            confidence=confidence,
            rationale=rationale,
            reward=reward,
            should_update=should_update,
            provenance=provenance,
            **values,
        )

    @classmethod
    def not_scored(
        cls, turn_id: str, *, reason: str, provenance: Provenance, votes: Sequence[Vote] = ()
    ) -> Self:
        """No judgement, and why."""
        return cls(
            turn_id=turn_id,
            label=None,
            confidence=None,
            reward=None,
            should_update=False,
            unscored_reason=reason,
            votes=tuple(votes),
            provenance=provenance,
        )


class JudgedTurn(Written):
    """A turn and its judgement: what `tactful feedback judge` writes, one line each."""

    row_kind = "judged-turns"

    turn: Turn
    judgement: TurnJudgement

    @property
    def id(self) -> str:
        """The turn's."""
        return self.turn.id

    @property
    def unscored(self) -> bool:
        """True when the turn could not be judged."""
        return self.judgement.unscored


class TurnJudge(Protocol):
    """Reads the user's next message as a verdict on the last answer."""

    @property
    def name(self) -> str:
        """As tables and reports name it."""
        ...

    async def judge(self, turn: Turn) -> TurnJudgement:
        """A judgement; unscored when the judge's reply stays unreadable. Raises: ProviderError, StopRun."""
        ...

    async def judge_batch(self, turns: Sequence[Turn]) -> list[TurnJudgement]:
        """One judgement per turn, in order; unscored where no answer came. Raises: StopRun."""
        ...


class FittedConfidence(Protocol):
    """A map from what a judge states to the probability of being right, fitted per source."""

    def probability(self, judgement: TurnJudgement, source: str) -> float | None:
        """Probability in [0, 1] that the label is right; None for a source that it was not fitted on."""
        ...

    def threshold(self, source: str, precision: float) -> float | None:
        """Lowest confidence above which the labels of `source` are right with this precision; None: none is known."""
        ...
