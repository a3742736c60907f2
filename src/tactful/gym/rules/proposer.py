"""What the offline model proposes in the gym: help that fits, is off topic, was said before, or comes too early."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tactful.gym.play.parts import ByRule, Seen
from tactful.gym.rules.parameters import Parameters
from tactful.gym.rules.phrases import chosen
from tactful.gym.rules.words import topics
from tactful.gym.rules.work import Work
from tactful.types import seeded

_KINDS = ("relevant", "off_topic", "redundant", "untimely")


@dataclass(frozen=True)
class OfflineProposer(ByRule):
    """A rehearsal of an assistant: by lot, so that an episode holds offers of every kind."""

    parameters: Parameters
    name = "offline"
    generator = "offline"

    async def offer(self, seen: Seen, *, due: bool) -> str | None:
        """An offer by lot; where it may be silent (not `due`), the more so the less help is wanted."""
        given = self.parameters.offline
        rng = seeded(*seen.key)
        quiet = given.silent_wanted if seen.rehearsal.get("help_wanted") else given.silent_unwanted
        if rng.random() < quiet and not due:
            return None
        (kind,) = rng.choices(_KINDS, [getattr(given, kind) for kind in _KINDS])
        return _worded(kind, seen, rng)

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """Some of the scene's, by lot."""
        rng = seeded(*seen.key, "operations")
        if not seen.operations:
            return ()
        return tuple(rng.sample(seen.operations, k=min(len(seen.operations), rng.randint(1, max(1, most)))))


def _worded(kind: str, seen: Seen, rng: random.Random) -> str:
    last = seen.moment.events[-1].text
    if kind == "redundant":
        return last
    if kind == "off_topic":
        return chosen(rng, seen.lang, "offer", "off_topic")
    values = _values(seen, last, rng)
    stuck = kind == "relevant" and seen.rehearsal.get("timing") == "stuck" and values["trouble"]
    return chosen(rng, seen.lang, "offer", "stuck" if stuck else kind, **values)


def _values(seen: Seen, last: str, rng: random.Random) -> dict[str, Any]:
    """What offers can be about: what the rules know of the work, else what the last event names."""
    work = seen.rehearsal.get("work")
    if isinstance(work, Work):
        piece = work.next_piece
        part = rng.choice(work.matter.beside(piece.topic))
        return {"topic": piece.topic, "file": piece.file, "part": part, "trouble": work.trouble}
    named = topics(last) or [last]
    return {"topic": rng.choice(named), "file": named[-1], "part": rng.choice(named), "trouble": ""}
