"""What stands on a simulator's card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.text.counting import counted
from tactful.types import Record

Verdict = Literal["ok", "unlike", "not estimable"]
Wants = Literal["at most", "at least", "within"]


class Limit(Record):
    """From where on a figure is unlike people, and why there."""

    wants: Wants
    """`within`: the distance from 0, either way, is at most the value."""
    value: float
    why: str

    def broken_by(self, figure: float) -> bool:
        """Whether the figure lies beyond."""
        if self.wants == "at most":
            return figure > self.value
        if self.wants == "at least":
            return figure < self.value
        return abs(figure) > self.value

    @property
    def words(self) -> str:
        """`at most 0.25`"""
        return f"within ±{self.value:g}" if self.wants == "within" else f"{self.wants} {self.value:g}"


class Check(Record):
    """One way in which a simulator may be unlike people."""

    name: str
    asks: str
    """What the figure is, so that somebody could count it again."""
    side: str
    """`users`, `persons` or `events`."""
    figure: Estimate
    limit: Limit
    people: Estimate | None = None
    """The same figure of the log that was given; None where it has none."""
    note: str = ""

    @property
    def verdict(self) -> Verdict:
        """By the figure itself; not estimable where it is undefined or comes from too few scenes."""
        if self.figure.value is None or self.figure.groups < FEWEST_GROUPS:
            return "not estimable"
        return "unlike" if self.limit.broken_by(self.figure.value) else "ok"

    @property
    def close(self) -> bool:
        """Whether the interval reaches over the limit, so that other scenes could turn the verdict."""
        low, high = self.figure.low, self.figure.high
        if self.verdict == "not estimable" or low is None or high is None:
            return False
        return self.limit.broken_by(low) != self.limit.broken_by(high) or (
            self.limit.wants == "within" and low < -self.limit.value and high > self.limit.value
        )


class Telling(Record):
    """How well generated sessions are told from real ones by one kind of feature."""

    by: str
    auroc: Estimate
    """0.5: not at all; 1: always."""
    generated: tuple[str, ...] = ()
    """What speaks most for a generated session."""
    real: tuple[str, ...] = ()


class ByTiming(Record):
    """What came of offers at one place of the work."""

    timing: str
    offers: int
    accepted: Estimate
    ignored: Estimate


class Ranked(Record):
    """One assistant among several that played the same scenes."""

    assistant: str
    utility: Estimate
    """Per 100 rounds."""
    offers: int
    accepted: Estimate


class Ranking(Record):
    """Several assistants, best first, under one kind of users."""

    users: str
    """`default`, or the file of parameters."""
    rows: tuple[Ranked, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """Names, best first."""
        return tuple(row.assistant for row in self.rows)


class Log(Record):
    """Whom the simulator was held against."""

    name: str
    sessions: int
    events: int
    reactions: int
    notes: tuple[str, ...] = ()


class Card(Record):
    """Where a simulator is unlike people."""

    source: str
    episodes: int
    scenes: int
    assistants: tuple[str, ...]
    generators: tuple[str, ...]
    checks: tuple[Check, ...]
    traits: Mapping[str, Estimate] = {}
    """Trait → AUROC of telling its upper half from its lower half by behaviour."""
    timings: tuple[ByTiming, ...] = ()
    telling: tuple[Telling, ...] = ()
    against: Log | None = None
    rankings: tuple[Ranking, ...] = ()
    notes: tuple[str, ...] = ()
    version: str

    def check(self, name: str) -> Check:
        """The check of this name. Raises KeyError."""
        return {one.name: one for one in self.checks}[name]

    def of(self, verdict: Verdict) -> tuple[Check, ...]:
        """The checks with this verdict."""
        return tuple(one for one in self.checks if one.verdict == verdict)

    @property
    def headline(self) -> str:
        """What was found, in a sentence."""
        unlike, open_ = self.of("unlike"), self.of("not estimable")
        told = f"{len(unlike)} of {len(self.checks) - len(open_)} checks find the simulator unlike people"
        names = f": {', '.join(one.name for one in unlike)}" if unlike else ""
        few = (
            f": {FEWEST_GROUPS} scenes are needed, {counted(self.scenes, 'scene', 'was')} played"
            if self.is_of_few
            else ""
        )
        return f"{told}{names}; {len(open_)} cannot be estimated{few}"

    @property
    def is_of_few(self) -> bool:
        """Whether there are fewer scenes than an interval takes."""
        return self.scenes < FEWEST_GROUPS
