"""What was decided, said and answered: one step, one episode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from tactful.types.base import Provenance, Record, Written
from tactful.types.task import Hidden, PublicState


class Decision(Record):
    """What a policy chose at one decision point."""

    action: str
    probabilities: Mapping[str, float]
    """Action → probability; sums to 1."""
    weighed: Mapping[str, float] = Field(default={}, exclude_if=lambda found: not found)
    """What was compared, by name: need, worth, cost. Empty: the policy compares nothing that it could tell."""


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
    weighed: Mapping[str, float] = Field(default={}, exclude_if=lambda found: not found)
    """What it compared, where it told."""
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


class Trajectory(Written):
    """One task from query to end, on the mainline or along a branch."""

    row_kind = "trajectories"

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
    lost: tuple[str, ...] = ()
    """The first trajectory of a decision tree: branches that its endpoint would not answer (too long, filtered), each
    with the reason."""

    @property
    def unscored(self) -> bool:
        """A branch is missing: `runs retry --unscored` plays it again."""
        return bool(self.lost)
