"""How likely does this user reject a question? A Beta distribution: the population's, updated by what the user did.

Each reaction weighs half as much after `half_life_days`, so that a user who changes is met anew; what is forgotten falls
back to the population. The population starts as the cost policy's prior and follows its users (`learning/pooling.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from tactful.live.types import Counted, Taste
from tactful.mend.types import UNKNOWN, Outcome
from tactful.types import Record

NO: frozenset[Outcome] = frozenset({"rejected", "left"})
YES: frozenset[Outcome] = frozenset({"welcome", "needless"})


class Population(Record):
    """What is believed of a user of whom nothing is known."""

    no: float = Field(default=0.65, gt=0)
    yes: float = Field(default=2.3, gt=0)
    """A Beta prior, as (rejected, answered): the cost policy's own."""
    half_life_days: float = Field(default=60.0, gt=0)
    """After this long a reaction weighs half."""
    users: int = 0
    """From whom it was estimated; 0: assumed."""
    source: Literal["assumed", "users"] = "assumed"


def faded(counted: Counted, at: datetime, half_life_days: float) -> Counted:
    """The counts as they weigh at `at`."""
    if counted.at is None or at <= counted.at:
        return counted
    share = 0.5 ** ((at - counted.at).total_seconds() / 86_400 / half_life_days)
    return Counted(no=counted.no * share, yes=counted.yes * share, at=at)


def believed(taste: Taste | None, population: Population, at: datetime) -> tuple[float, float]:
    """Beta posterior (rejected, answered) of this user's questions at `at`."""
    if taste is None:
        return population.no, population.yes
    now = faded(taste.questions, at, population.half_life_days)
    return population.no + now.no, population.yes + now.yes


def learned(taste: Taste, outcome: Outcome, at: datetime, population: Population) -> Taste:
    """The taste after one more turn with this outcome. Turns that say nothing about questions change no count."""
    if outcome in UNKNOWN:
        return taste
    now = faded(taste.questions, at, population.half_life_days)
    no, yes = float(outcome in NO), float(outcome in YES)
    streak = taste.streak + 1 if no else 0 if yes else taste.streak
    return taste.model_copy(
        update={
            "questions": Counted(no=now.no + no, yes=now.yes + yes, at=at),
            "seen": taste.seen + 1,
            "streak": streak,
        }
    )
