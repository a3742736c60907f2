"""Records of the calibration pipeline. The path of one record:

State ──(persona, pass)──▶ Session ──rollout──▶ Trajectory ──reward──▶ Rewarded ──pairs──▶ PreferencePair
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tactful.types import Provenance, Record, State, Trajectory, Written


class Persona(Record):
    """Lasting traits of a simulated user, each in [0, 1] except `style`; more means more of the trait."""

    name: str
    domain: str
    """`coding`, `planning` or `any`."""
    expertise: float = Field(ge=0, le=1)
    """Can say precisely what is needed."""
    patience: float = Field(ge=0, le=1)
    """Tolerates questions."""
    clarity: float = Field(ge=0, le=1)
    """Answers reveal what was asked for."""
    time_pressure: float = Field(ge=0, le=1)
    style: str
    """One sentence for the language-model user: how this person writes."""
    held_out: bool = False
    """Never used in training; reported apart in evaluation."""


class Session(Written):
    """The runner's input for a rollout: one user doing one or several tasks in sequence."""

    row_kind = "sessions"

    id: str
    persona: Persona
    states: tuple[State, ...]
    pass_index: int = 0


class StepCounts(Record):
    """What the interruption cost is computed from, one per step."""

    asked: bool
    """b_t: the message asked at least one question."""
    questions: int = Field(ge=0)
    rejected: bool
    """r_t"""
    answered: bool
    """a_t: answered and revealed at least one open requirement."""
    tokens: int = Field(ge=0)
    off_topic: bool


class Rewarded(Written):
    """A trajectory with its reward and everything needed to compute it again without model or sandbox."""

    row_kind = "rewarded"

    trajectory: Trajectory
    counts: tuple[StepCounts, ...]
    requirement_scores: dict[str, float | None]
    """Requirement id (or `t0`, `t1`… for tests that no requirement owns) → share met in [0, 1]; None = unscored."""
    requirement_weights: dict[str, float]
    all_passed: bool | None
    """Coding, all-or-nothing; None = unscored or not applicable."""
    sandbox_tier: str = ""
    weak: bool = False
    """Some verdict rests on exit status alone."""
    task_score: float | None = Field(default=None, ge=0, le=1)
    """R_task in [0, 1]; None = unscored."""
    interruption_cost: float
    """C_interrupt; may be negative when a question was welcome."""
    reward: float | None
    """R_task − C_interrupt; None when the task score is unscored."""
    reward_form: Literal["clarification", "weighted"]
    provenance: Provenance
    judge: str = ""
    """Model that judged the requirements; empty when tests or checks did."""
    unscored_reason: str = ""
    """Why the task score is None; empty when it is not."""

    @property
    def id(self) -> str:
        """That of the trajectory; runs match records by it."""
        return self.trajectory.id

    @property
    def unscored(self) -> bool:
        """True when the task score is None; `runs retry --unscored` takes it again."""
        return self.task_score is None
