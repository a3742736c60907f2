"""What one log taught, as a record: written as JSON, shown on the page, printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tactful import __version__
from tactful.mend.learning.numbers import LearnedCosts
from tactful.mend.learning.patch import Patch
from tactful.mend.replaying.replay import Change
from tactful.mend.situations import Situation
from tactful.text.counting import counted
from tactful.types import Record, UserHistory


class KnownUser(Record):
    """What a user of the log has shown: the `user` of a state, to begin with."""

    user: str
    history: UserHistory


class Lesson(Record):
    """Everything that one log taught."""

    format: Literal["tactful-learned-1"] = "tactful-learned-1"
    read: Mapping[str, Any]
    """What was read, skipped, unusable and redacted."""
    conversations: int
    turns: int
    asked: int
    judged: int
    """Turns of which it is known whether asking, or answering, was right."""
    users: int
    costs: LearnedCosts
    asks_from: Mapping[str, float]
    """Domain with a value of its own → need from which a stranger is asked."""
    patch: Patch
    by: Mapping[str, tuple[Situation, ...]]
    """Field → its values; openness stands beside each."""
    situations: tuple[Situation, ...]
    """Told apart by everything, the commonest first."""
    on_this_log: tuple[Change, ...]
    """What the policy would have changed in the log that it was learned from: better than on another."""
    pairs: Mapping[str, int]
    wanted: int
    unwanted: int
    contradicting_pairs: int = 0
    """Of the pairs: those that prefer what an earlier one rejects at the same prompt; both are written."""
    rows_left_out: Mapping[str, int]
    files: Mapping[str, int]
    """File → rows of training data."""
    version: str = __version__

    @property
    def headline(self) -> str:
        """What came out, in a sentence or two."""
        lines, numbers = len(self.patch.lines), self.costs.numbers
        return "; ".join(
            (
                f"{self.judged} of {counted(self.turns, 'turn')} could be judged",
                f"{counted(lines, 'line')} for the prompt"
                if lines
                else "no line for the prompt: too little evidence",
                f"{sum(number.by == 'log' for number in numbers)} of {len(numbers)} numbers of the policy are the log's",
                f"{counted(sum(self.pairs.values()), 'preference pair')}, "
                f"{counted(self.wanted + self.unwanted, 'single answer')}.",
            )
        )
