"""The vocabulary: frozen records used by more than one room. The words are those of the glossary.

What a policy, a prompt or an export must not see lives in a `Private` record (`Hidden`): it cannot be turned
into text and the prompt renderer refuses it. `State.public()` gives what a policy sees.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NoReturn, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Role = Literal["system", "user", "assistant"]


class Record(BaseModel):
    """Base of every record: immutable, unknown keys refused, floats finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Private(Record):
    """A record whose content must never reach a prompt, a policy or a training export."""

    def __str__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is private and cannot be turned into text")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is private and cannot be turned into text")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<private>)"


class Message(Record):
    """One message of a dialogue."""

    role: Role
    content: str


class Provenance(Record):
    """Where a record comes from."""

    model: str
    generator: Literal["endpoint", "offline", "rules", "human", "import"]
    """`offline` marks a rehearsal: no language model spoke."""
    prompt_hashes: Mapping[str, str] = {}
    """Prompt id → hash of the prompt file."""
    run_id: str = ""
    seed: int | None = None


# ---------------------------------------------------------------- tasks and states


class Requirement(Private):
    """One thing that the user wants, and how it can be found out and checked."""

    id: str
    text: str
    """The requirement as the user would state it."""
    weight: float = Field(gt=0, le=1)
    """Share of the task score in [0, 1]; the weights of a task sum to 1."""
    open: bool
    """True when the wording of this state does not tell it."""
    question: str = ""
    """The question that reveals it (open requirements)."""
    answer: str = ""
    """What the user says when asked (open requirements)."""
    keywords: tuple[str, ...] = ()
    """Text found in the complete wording and in the answer, never in the open wording."""
    tests: tuple[str, ...] = ()
    """Coding: assert statements that hold only when the requirement is met."""
    checks: tuple[str, ...] = ()
    """Planning: case-insensitive regular expressions that must all be found in the plan; a leading `!` negates."""
    step_known: str = ""
    """Planning, offline model: the line of the plan when the requirement is known."""
    step_unknown: str = ""
    """Planning, offline model: the line of the plan when it is not."""


class Hidden(Private):
    """The private side of a state: what the user really wants, and how it is checked."""

    requirements: tuple[Requirement, ...] = ()
    tests: tuple[str, ...] = ()
    """Coding: asserts that no single requirement owns (MBPP: all of them)."""
    setup: str = ""
    """Coding: runs after the solution and before the tests."""
    reference: str = ""
    """A solution that passes everything."""
    uninformed: str = ""
    """What a competent reader of this wording alone would write."""
    plan_opening: str = ""
    """Planning, offline model: the lines that every plan starts with."""


class UserHistory(Record):
    """What this user has shown in this session before the present task. Counts; visible to the policy."""

    tasks: int = 0
    questions: int = 0
    """Questions put to this user."""
    answered: int = 0
    rejected: int = 0


class PublicState(Record):
    """A decision point as the policy sees it."""

    id: str
    domain: str
    query: str
    dialogue_turn: int = Field(default=0, ge=0)
    """Finished exchanges (assistant message and user reaction) of this task; 0 at the start."""
    query_clarity: float = Field(ge=0, le=1)
    """Estimated from the text; 1 = clear, nothing left to ask."""
    task_complexity: float = Field(ge=0, le=1)
    """Estimated from the text; 1 = complex."""
    prev_reject: int = Field(default=0, ge=0)
    """Rejections so far in this task."""
    questions_asked: int = Field(default=0, ge=0)
    answered: int = Field(default=0, ge=0)
    """Questions of this task that the user answered."""
    history: tuple[Message, ...] = ()
    """The messages after the query, oldest first."""
    user: UserHistory = UserHistory()
    group: str = ""
    """The base task, user or session that splits and intervals go by."""
    lang: str = "en"


class State(PublicState):
    """A decision point with its private side. Policies and prompts get `public()`."""

    query_clarity: float | None = Field(default=None, ge=0, le=1)  # type: ignore[assignment]
    """None until estimated (`calibrate states`)."""
    task_complexity: float | None = Field(default=None, ge=0, le=1)  # type: ignore[assignment]
    source: str = ""
    """`seed:coding`, `mbpp`, or the name of the user's file."""
    wording: Literal["complete", "open", ""] = ""
    """For scoring and reports only; `public()` leaves it out."""
    hidden: Hidden = Hidden()

    @model_validator(mode="before")
    @classmethod
    def _gather_private_keys(cls, row: Any) -> Any:
        """Users may write the keys of `Hidden` (tests, reference, …) beside `query`; they move into `hidden`."""
        if not isinstance(row, dict):
            return row
        flat = {key: row[key] for key in Hidden.model_fields if key in row}
        if not flat:
            return row
        if "hidden" in row:
            raise ValueError(f"has both 'hidden' and {sorted(flat)}; write them in one place")
        rest = {key: value for key, value in row.items() if key not in flat}
        return {**rest, "hidden": flat}

    def public(self, **changes: Any) -> PublicState:
        """What a policy may see. Raises ValueError while clarity or complexity is not estimated."""
        shown = {name: getattr(self, name) for name in PublicState.model_fields}
        return PublicState(**{**shown, **changes})


# ---------------------------------------------------------------- behaviour and reaction


class Decision(Record):
    """What a policy chose at one decision point."""

    action: str
    probabilities: Mapping[str, float]
    """Action → probability; sums to 1."""


class Reaction(Record):
    """What the user did after an assistant message (the META of a simulated user)."""

    reply: str
    """Empty when the user stays silent."""
    answered_clarification: bool = False
    reject_signal: bool = False
    silence: bool = False
    off_topic_flag: bool = False
    satisfaction: float = Field(default=0.0, ge=-1, le=1)
    """-1 annoyed, 0 indifferent, +1 pleased."""


class Step(Record):
    """Observation, action, assistant message and reaction at one decision point."""

    state: PublicState
    action: str
    probabilities: Mapping[str, float] = {}
    """The behaviour policy's, where it had any."""
    message: str
    questions: int = Field(ge=0)
    """Questions in `message`, counted by `text.count_questions`."""
    tokens: int = Field(ge=0)
    """Length of `message` in tokens (endpoint usage where known, else the estimate of `text`)."""
    gave_solution: bool
    """True when the message holds a solution that ends the task."""
    reaction: Reaction
    revealed: tuple[str, ...] = ()
    """Ids of open requirements that the reply told for the first time."""


class Trajectory(Record):
    """One task from query to end, on the mainline or along a branch."""

    id: str
    state_id: str
    group: str
    domain: str
    persona: str
    pass_index: int = 0
    action_space: str
    """`levels` or `clarify-execute`."""
    mode: Literal["single", "multi"]
    parent: str = ""
    """Id of the mainline trajectory that this one branches from; empty on the mainline."""
    decision_point: int = Field(default=0, ge=0)
    """Index of the step at which this branch departs from its mainline (0 on the mainline)."""
    steps: tuple[Step, ...]
    end: Literal["completed", "rejected", "max_turns"]
    solution: str | None
    """The code or plan delivered; None when the episode ended without one."""
    hidden: Hidden
    provenance: Provenance
    wording: Literal["complete", "open", ""] = ""
    slipped: bool = False
    """Offline model only: this solution was spoilt on purpose."""
    session: str = ""
    """Id of the session: tasks that one user did in sequence share it."""
    user_model: str = ""
    """Who played the user: `rules`, or the name of the model."""


class RewardedBranch(Record):
    """What one action led to at a decision point: the future's reward and its two parts."""

    action: str
    reward: float
    task_score: float
    interruption_cost: float


class PreferencePair(Record):
    """Chosen and rejected action at one decision point, with TRL's conversational columns."""

    id: str
    state: PublicState
    persona: str | None
    """None under `--view policy`."""
    chosen_action: str
    rejected_action: str
    chosen_reward: float
    rejected_reward: float
    chosen_task_score: float
    rejected_task_score: float
    chosen_interruption_cost: float
    rejected_interruption_cost: float
    margin: float = Field(gt=0)
    """chosen_reward − rejected_reward."""
    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    weight: float = Field(default=1.0, gt=0)
    provenance: Provenance


class Judgement(Record):
    """A judge's answer about one step. `accepted` None means unscored: neither accepted nor rejected."""

    step_id: str
    accepted: bool | None
    score: float | None = None
    reason: str = ""

    @classmethod
    def unscored(cls, step_id: str, *, reason: str) -> Self:
        """A judgement that could not be made, with why. Metrics leave it out and count it."""
        return cls(step_id=step_id, accepted=None, reason=reason)


# ---------------------------------------------------------------- events and proposals


class Event(Record):
    """One timestamped fact about the user's work."""

    at: datetime | None = None
    """Aware UTC; None when the source gives no readable time. Clocks jump: a later event may bear an earlier time."""
    text: str = Field(min_length=1)
    time: str = ""
    """The time as the source wrote it."""


class ProposalHistory(Record):
    """What this user did with the proposals shown before this moment. Known at the moment, never after it."""

    shown: int = Field(default=0, ge=0)
    accepted: int = Field(default=0, ge=0)
    since_last_s: float | None = Field(default=None, ge=0)
    """Seconds since the last proposal was shown; None when none was."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.accepted > self.shown:
            raise ValueError(f"accepted {self.accepted} of {self.shown} shown; it cannot exceed them")
        return self


class Moment(Record):
    """A point at which the assistant may speak: what it has seen, and what it proposes (None = silence)."""

    id: str = Field(min_length=1)
    session: str = Field(min_length=1)
    """The recording that this moment is part of: splits, calibration and intervals go by it."""
    user: str = ""
    events: tuple[Event, ...] = Field(min_length=1)
    """The observation, oldest first; the last one has just happened."""
    proposal: str | None
    """The help offered; None = silence."""
    history: ProposalHistory | None = None
    """None when nothing is known about earlier proposals."""


class MomentLabel(Private):
    """What people said about a moment."""

    accepted: bool
    """The verdict: the proposal was welcome, or the silence was right."""
    help_needed: bool | None = None
    """Whether help was wanted at this moment, whatever was proposed; None when nobody said."""
    votes: tuple[bool, ...] = ()
    """One per annotator: accepted or not; empty when only the verdict is known."""


class LabelledMoment(Record):
    """A moment and what people said about it."""

    moment: Moment
    label: MomentLabel

    @property
    def category(self) -> str:
        """`missed-need`, `correct-silence`, `hit` or `false-alarm`: the four of ProactiveBench, by our glossary."""
        if self.moment.proposal is None:
            return "correct-silence" if self.label.accepted else "missed-need"
        return "hit" if self.label.accepted else "false-alarm"


# ---------------------------------------------------------------- protocols


class Policy(Protocol):
    """Which action now? Implementations hold no state between calls."""

    @property
    def name(self) -> str:
        """As tables and reports name it."""
        ...

    @property
    def actions(self) -> tuple[str, ...]:
        """From the least to the most asking."""
        ...

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """Choose an action. `rng` is the only source of randomness."""
        ...


class Judge(Protocol):
    """Would the user accept this?"""

    async def judge(self, step: Step) -> Judgement:
        """A judgement; unscored when the judge's reply is unreadable."""
        ...


AnyRecord = TypeVar("AnyRecord", bound=BaseModel)


def seeded(*parts: object) -> random.Random:
    """A generator seeded by the parts alone: equal parts give equal draws in every process and Python."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return random.Random(int.from_bytes(digest[:8]))


def content_hash(data: bytes | str) -> str:
    """SHA-256 in 32 hex digits: the identity of a record, a prompt or a configuration."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:32]
