"""One value from several votes, by one of four rules, with the reason why it is kept or dropped.

| rule | the value | dropped |
|---|---|---|
| `majority` | the one with most votes | ties |
| `unanimous` | the one that everybody voted for | every disagreement |
| `dawid-skene` | the likeliest, given how good each annotator is (`dawid_skene.py`) | ties |
| `soft` | the one with most votes, and the share of each | ties between more than two values |

All drop what has fewer votes than asked for. A decision (adjudication, or an answer that was known beforehand) overrules
the votes under every rule, however few they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from tactful.annotation.export.dawid_skene import DawidSkene, dawid_skene
from tactful.annotation.export.units import Unit
from tactful.annotation.types import Value
from tactful.errors import UsageError

Rule = Literal["majority", "unanimous", "dawid-skene", "soft"]
RULES: tuple[Rule, ...] = get_args(Rule)
FEW, TIE, APART = "too few votes", "tie", "votes disagree"
"""Why a unit is dropped."""
AGREED, MOST, EVEN, AGAINST = "all agree", "by majority", "even votes", "against the majority"
"""Why one is kept, beside a decision."""
_SAME = 1e-6


@dataclass(frozen=True)
class Told:
    """What a rule says of a unit."""

    value: Value | None
    """None: dropped."""
    why: str
    """The reason, in the words of a table."""
    shares: Mapping[Value, float] = field(default_factory=dict)
    """Value → how sure the rule is of it, in [0, 1], summing to 1."""

    def share(self, value: Value) -> float:
        """How sure the rule is of a value; 0 where nobody said it."""
        return self.shares.get(value, 0.0)


def aggregate(units: Sequence[Unit], rule: Rule, fewest: int, *, nameless: bool = False) -> list[Told]:
    """What the rule says of each unit; all units are of one question. Raises: UsageError for Dawid–Skene on `nameless` votes.

    Yes or no with even votes is kept by `soft` alone: as no, with ½. For Dawid–Skene all votes teach about annotators,
    also those of units that have too few to be kept.
    """
    if rule == "dawid-skene":
        if nameless:
            raise UsageError(
                "--aggregate dawid-skene needs to know who voted, and these votes name nobody; use majority or soft"
            )
        values, found = _fitted(units)
        shares = [dict(zip(values, map(float, row), strict=True)) for row in found.posteriors]
    else:
        shares = [_shares(unit) for unit in units]
    return [_told(unit, share, rule, fewest) for unit, share in zip(units, shares, strict=True)]


def _told(unit: Unit, shares: dict[Value, float], rule: Rule, fewest: int) -> Told:
    if unit.decided is not None:
        value, by = unit.decided
        return Told(value, by, {value: 1.0})
    if len(unit.votes) < max(fewest, 1):
        return Told(None, FEW, shares)
    voted = Counter(unit.votes.values())
    top = [value for value, share in shares.items() if share > max(shares.values()) - _SAME]
    if len(voted) == 1 and top == list(voted):
        return Told(top[0], AGREED, _certain(top[0], shares, rule))
    if rule == "unanimous":
        return Told(None, APART, shares)
    if len(top) > 1:
        even = rule == "soft" and set(shares) == {True, False}
        return Told(False if even else None, EVEN if even else TIE, shares)
    leading = voted[top[0]] == max(voted.values())
    alone = list(voted.values()).count(max(voted.values())) == 1
    why = MOST if leading and alone else EVEN if leading else AGAINST
    return Told(top[0], why, _certain(top[0], shares, rule))


def _certain(value: Value, shares: dict[Value, float], rule: Rule) -> dict[Value, float]:
    """What the rule is sure of: the rules that choose know no doubt."""
    return shares if rule in ("soft", "dawid-skene") else {value: 1.0}


def _shares(unit: Unit) -> dict[Value, float]:
    counts = Counter(unit.votes.values())
    return {value: count / len(unit.votes) for value, count in counts.items()}


def annotators_of(units: Sequence[Unit]) -> dict[str, dict[str, float]]:
    """Annotator → value → how often they say it where it is right, as Dawid and Skene's model learns it from these votes."""
    values, found = _fitted(units)
    return {
        name: {str(value): round(float(table[at, at]), 4) for at, value in enumerate(values)}
        for name, table in found.tables.items()
    }


def _fitted(units: Sequence[Unit]) -> tuple[list[Value], DawidSkene]:
    said = {value for unit in units for value in unit.votes.values()}
    values = sorted(said | {unit.decided[0] for unit in units if unit.decided is not None}, key=str)
    place = {value: at for at, value in enumerate(values)}
    known = {at: place[unit.decided[0]] for at, unit in enumerate(units) if unit.decided is not None}
    votes = [{name: place[value] for name, value in unit.votes.items()} for unit in units]
    return values, dawid_skene(votes, len(values), known)
