"""What asking and answering led to, by situation: how open the request, what was missing, the domain, how far the task
was, and what its user had shown before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tactful.mend.types import OUTCOMES, LoggedTalk, LoggedTurn, Outcome
from tactful.policy.cost import TURNS
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.stats.asking import clarity_of
from tactful.stats.shares import GroupSums, sure_share_over
from tactful.types import Record, UserHistory

Key = tuple[str, ...]
FIELDS = ("need", "missing", "domain", "progress", "user")
_KEPT = 12  # conversations that a share names


def need_of(turn: LoggedTurn) -> str:
    """How open the request is: clear, between, open; `not known` where the reader does not say."""
    return "not known" if turn.state.need_unknown else clarity_of(1 - turn.state.query_clarity)


def progress_of(turn: LoggedTurn) -> str:
    """How far the task is: start, under way, late."""
    done = turn.state.dialogue_turn / TURNS
    return "start" if done <= 0.1 else "under way" if done <= 0.5 else "late"


def user_of(history: UserHistory) -> str:
    """What the user has shown: new (never asked anything), minds questions, takes questions."""
    if not history.questions:
        return "new"
    return "minds questions" if 2 * history.rejected >= history.questions else "takes questions"


def key_of(turn: LoggedTurn) -> Key:
    """The situation of a turn, in the order of `FIELDS`."""
    missing = turn.state.missing[0] if turn.state.missing else "nothing"
    return (need_of(turn), missing, turn.state.domain, progress_of(turn), user_of(turn.state.user))


@dataclass
class Part:
    """A share within groups: how many of how many."""

    groups: GroupSums = field(default_factory=GroupSums)
    talks: list[str] = field(default_factory=list)
    """The first conversations in which it happened."""

    def add(self, group: str, talk: str, *, happened: bool) -> None:
        """One more case."""
        self.groups.add(group, happened)
        if happened and len(self.talks) < _KEPT and talk not in self.talks:
            self.talks.append(talk)

    @property
    def count(self) -> int:
        """How many."""
        return int(sum(held[0] for held in self.groups.values()))

    @property
    def total(self) -> int:
        """Of how many."""
        return int(sum(held[1] for held in self.groups.values()))

    @property
    def enough(self) -> bool:
        """Whether there are groups enough for an interval."""
        return len(self.groups) >= FEWEST_GROUPS

    def share(self) -> Estimate:
        """With its interval over groups; without any for too few of them."""
        return sure_share_over(self.groups.values())

    def bounds(self) -> tuple[float, float]:
        """The share's 95% interval; (0, 1) for too few groups."""
        found = self.share()
        return (0.0, 1.0) if found.low is None or found.high is None else (found.low, found.high)


@dataclass
class Cell:
    """What happened in one situation."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    asked: int = 0
    needless: Part = field(default_factory=Part)
    """Of questions that could be judged: needless, rejected or left."""
    guessed: Part = field(default_factory=Part)
    """Of answers that could be judged: wrong guesses."""

    def add(self, talk: LoggedTalk, turn: LoggedTurn) -> None:
        """One more turn."""
        self.outcomes[turn.outcome] += 1
        self.asked += turn.asked
        if turn.right is None:
            return
        part = self.needless if turn.asked else self.guessed
        part.add(talk.group, talk.id, happened=not turn.right)


class Situation(Record):
    """One row of the table: a situation, what was done in it, and what that led to."""

    where: Mapping[str, str]
    """Field → value; fields that are left out take any value."""
    asked: int
    answered: int
    outcomes: Mapping[str, int]
    needless: Estimate
    """Share of its judged questions that nobody needed."""
    guessed: Estimate
    """Share of its judged answers that guessed wrong."""
    too_little: str = ""
    """What there is too little evidence of, with its groups and those that are needed; empty: nothing."""


class Situations:
    """Counts by situation while a log goes by: memory grows with the situations and groups."""

    def __init__(self) -> None:
        self.cells: dict[Key, Cell] = {}

    def add(self, talk: LoggedTalk) -> None:
        """A conversation's turns."""
        for turn in talk.turns:
            self.cells.setdefault(key_of(turn), Cell()).add(talk, turn)

    def rows(self, fields: Iterable[str] = FIELDS) -> tuple[Situation, ...]:
        """The situations told apart by these fields, the commonest first."""
        chosen = tuple(fields)
        found: dict[Key, Cell] = {}
        for key, cell in self.cells.items():
            values = dict(zip(FIELDS, key, strict=True))
            _merge(found.setdefault(tuple(values[name] for name in chosen), Cell()), cell)
        order = sorted(found.items(), key=lambda item: (-item[1].outcomes.total(), item[0]))
        return tuple(_row(dict(zip(chosen, key, strict=True)), cell) for key, cell in order)


def _merge(whole: Cell, cell: Cell) -> None:
    whole.outcomes.update(cell.outcomes)
    whole.asked += cell.asked
    for into, part in ((whole.needless, cell.needless), (whole.guessed, cell.guessed)):
        for group, (count, total) in part.groups.items():
            into.groups.add(group, count, total)
        into.talks.extend(talk for talk in part.talks if talk not in into.talks)
        del into.talks[_KEPT:]


def _row(where: Mapping[str, str], cell: Cell) -> Situation:
    thin = [
        f"{words} ({len(part.groups)} of {FEWEST_GROUPS} groups)"
        for words, part in (("questions", cell.needless), ("answers", cell.guessed))
        if not part.enough
    ]
    return Situation(
        where=where,
        asked=cell.asked,
        answered=cell.outcomes.total() - cell.asked,
        outcomes={name: cell.outcomes[name] for name in OUTCOMES if cell.outcomes[name]},
        needless=cell.needless.share(),
        guessed=cell.guessed.share(),
        too_little=" and ".join(thin),
    )
