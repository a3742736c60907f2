"""What was seen at one point of a session, what could have been offered there, and the votes on each offer and on silence.

**How silence is judged.** An annotator who was asked whether help was wanted has said it: silence is right for them where
it was not, whatever they think of the offers. Where only votes on offers exist, all that can be told is derived: silence
was right, *rather than these offers*, for an annotator who judged every one of them and accepted none. So

- it is a vote of each annotator for themselves, and the rule over votes is the same as for offers: that three people each
  want another offer is a need, not a disagreement that makes silence right;
- where everybody rejected everything, silence was right, and it is kept;
- that help was *not needed* does not follow: the offers may have been poor. `help_needed` stays unknown there, and is true
  where silence was wrong;
- votes on silence in a file without annotators, as ProactiveBench's, were derived so before offers were left out: they are
  taken as they are, and nobody was asked;
- an annotator who judged some of the offers and accepted none says nothing, and one who accepted one has spoken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tactful.annotation.export.units import Unit, units_of
from tactful.annotation.items.making import events_of
from tactful.annotation.types import Item, Proposals
from tactful.annotation.votes import Collected
from tactful.types import Event


class Offer(NamedTuple):
    """What could have been offered."""

    proposal: str
    unit: Unit
    """Votes whether it is accepted."""


@dataclass
class Observation:
    """One point of a session; several items at the same point are one."""

    item: Item
    """The first that shows it."""
    events: tuple[Event, ...]
    """All that was seen, also what was not shown to annotators."""
    offers: list[Offer] = field(default_factory=list)
    """In the items' order."""
    asked: Unit | None = None
    """Votes that silence was right, by the question itself or as a file tells them; None where there are none."""
    derived: bool = True
    """Nobody was asked whether help was wanted, whatever `asked` says: it was made of votes on offers."""
    contradictions: int = 0
    """Answers that accept an offer and say that no help was wanted."""

    @property
    def silence(self) -> Unit:
        """Votes that silence was right: from the question, else derived from those on the offers."""
        return self.asked if self.asked is not None else self._derived()

    def _derived(self) -> Unit:
        unit = Unit(f"{self.item.id}#silence", self.item.session)
        for name in dict.fromkeys(name for offer in self.offers for name in offer.unit.votes):
            said = [offer.unit.votes.get(name) for offer in self.offers]
            if True in said or None not in said:
                unit.votes[name] = True not in said
        decided = [offer.unit.decided for offer in self.offers if offer.unit.decided is not None]
        accepted = any(value for value, _ in decided)
        if accepted or (decided and len(decided) == len(self.offers)):
            unit.decided = (not accepted, decided[0][1])
        return unit


def observations(collected: Collected) -> list[Observation]:
    """Every point of which something was said, in the order of the items."""
    found: dict[object, Observation] = {}
    for item, units in units_of(collected, "proposals"):
        if not units:
            continue
        events = events_of(item)
        key = (item.session, item.origin.get("user"), events)
        one = found.setdefault(key, Observation(item, events))
        for place, text in enumerate(item.shown.candidates if isinstance(item.shown, Proposals) else ()):
            if (unit := units.get((str(place), "accepted"))) is not None:
                one.offers.append(Offer(text, unit))
        wanted = units.get(("", "help_wanted"))
        if wanted is not None:
            one.asked = one.asked or Unit(f"{one.item.id}#silence", item.session)
            one.derived = collected.nameless  # such files hold what was derived from votes on offers
            one.asked.votes |= {name: not value for name, value in wanted.votes.items()}
            if wanted.decided is not None:
                one.asked.decided = (not wanted.decided[0], wanted.decided[1])
            accepting = {
                name
                for unit in units.values()
                if unit is not wanted
                for name, yes in unit.votes.items()
                if yes
            }
            one.contradictions += sum(not wanted.votes.get(name, True) for name in accepting)
    return list(found.values())


def offers_of(seen: Sequence[Observation]) -> list[Unit]:
    """The votes on every offer, in order."""
    return [offer.unit for one in seen for offer in one.offers]
