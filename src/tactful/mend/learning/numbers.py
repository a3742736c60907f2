"""The numbers of a policy that a log tells, each with where it comes from."""

from __future__ import annotations

from typing import Literal

from tactful.policy.cost import Costs
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.types import Record


class Learned(Record):
    """One number of the policy, and where it comes from."""

    name: str
    value: float
    by: Literal["log", "assumed"]
    estimate: Estimate
    """What the log says, with its interval over users or conversations."""
    meaning: str
    note: str = ""
    """Why it is assumed, or is not quite what the log says."""

    @property
    def told(self) -> str:
        """What the log says, in words: with its interval, or why it has none."""
        found = self.estimate
        if found.value is None:
            return "nothing"
        if found.low is not None or found.groups < FEWEST_GROUPS:
            return found.short()
        return f"{found.value:.3f} in each of {found.groups} groups"


class LearnedCosts(Record):
    """The costs of the policy, number by number."""

    costs: Costs
    numbers: tuple[Learned, ...]
    assumptions: tuple[str, ...]
    asks_from: float
    """Need from which the policy asks somebody that it does not know, at the start of a task in any domain; above 1: never."""

    @property
    def from_log(self) -> bool:
        """Whether any number is the log's."""
        return any(number.by == "log" for number in self.numbers)
