"""How users behave, as figures: the same ones of a log's users and of simulated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tactful.audit.judging.signs import signs_of
from tactful.mend.types import LoggedTalk, LoggedTurn, Outcome
from tactful.stats import Estimate
from tactful.stats.bootstrap import grouped_mean
from tactful.stats.shares import GroupSums
from tactful.text import estimate_tokens

Said = Callable[[LoggedTurn], float | None]


def _to_question(turn: LoggedTurn) -> bool:
    return turn.asked and turn.outcome != "not judged"


def _ended(*outcomes: Outcome) -> Said:
    return lambda turn: float(turn.outcome in outcomes) if _to_question(turn) else None


MEASURES: Mapping[str, tuple[str, Said]] = {
    "answered": ("share of questions answered", _ended("welcome", "needless")),
    "refused": ("share of questions refused", _ended("rejected")),
    "left": ("share of questions that nobody answered", _ended("left")),
    "corrected": (
        "share of answers that are corrected or complained of",
        lambda turn: None if turn.asked or turn.right is None else float(turn.outcome in ("guess", "faulty")),
    ),
    "thanked": (
        "share of replies with praise or thanks",
        lambda turn: float(signs_of(turn.reply, turn.state.query, "").pleased) if turn.reply else None,
    ),
    "tokens": (
        "length of a reply, tokens",
        lambda turn: float(estimate_tokens(turn.reply)) if turn.reply else None,
    ),
    "tokens_to_question": (
        "length of a reply to a question, tokens",
        lambda turn: float(estimate_tokens(turn.reply)) if turn.reply and turn.asked else None,
    ),
}
"""Name → in words, and its value at one turn; None: it does not apply."""


@dataclass
class Manners:
    """How users behave: values by measure with their groups, and questions by group."""

    values: dict[str, tuple[list[float], list[str]]] = field(
        default_factory=lambda: {name: ([], []) for name in MEASURES}
    )
    questions: GroupSums = field(default_factory=GroupSums)
    """Those rejected, of those judged."""
    needless: int = 0
    delegated: int = 0
    users: int = 0

    @classmethod
    def of(cls, talks: Iterable[LoggedTalk]) -> Manners:
        """Of the users of these conversations."""
        found = cls()
        for talk in talks:
            for turn in talk.turns:
                found._add(talk.group, turn)
        found.users = len({group for _, groups in found.values.values() for group in groups})
        return found

    def _add(self, group: str, turn: LoggedTurn) -> None:
        for name, (_, said) in MEASURES.items():
            if (value := said(turn)) is not None:
                values, groups = self.values[name]
                values.append(value)
                groups.append(group)
        if _to_question(turn):
            self.questions.add(group, turn.outcome == "rejected")
            self.needless += turn.right == 0
            self.delegated += turn.reason == "a default would do"

    def figure(self, name: str) -> Estimate:
        """A measure: mean over groups, with its interval."""
        values, groups = self.values[name]
        return grouped_mean(values, groups)
