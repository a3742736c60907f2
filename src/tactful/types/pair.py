"""What the branches of a decision point were worth, and the preference between two of them."""

from __future__ import annotations

from pydantic import Field

from tactful.types.base import Message, Provenance, Record, Written
from tactful.types.task import PublicState


class RewardedBranch(Record):
    """What one action led to at a decision point: the future's reward and its two parts."""

    action: str
    reward: float
    task_score: float
    interruption_cost: float


class PreferencePair(Written):
    """Chosen and rejected action at one decision point, with TRL's conversational columns."""

    row_kind = "pairs"

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
