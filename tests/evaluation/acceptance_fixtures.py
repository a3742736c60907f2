"""Few moments with known verdicts, and judges that say what a test wants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tactful.reward.types import Acceptance
from tactful.types import Event, LabelledMoment, Moment, MomentLabel

SILENT = {"missed-need": False, "correct-silence": True}


def item(
    number: int,
    category: str,
    *,
    session: str = "s1",
    votes: tuple[bool, ...] = (),
    seen: str = "",
    need: bool | None = None,
) -> LabelledMoment:
    """A moment of `category`; moments with the same `seen` share their observation."""
    silent = category in SILENT
    accepted = SILENT[category] if silent else category == "hit"
    moment = Moment(
        id=f"m{number}",
        session=session,
        events=(Event(text=seen or f"event {number}"),),
        proposal=None if silent else f"offer {number}",
    )
    return LabelledMoment(moment=moment, label=MomentLabel(accepted=accepted, help_needed=need, votes=votes))


def said(items: Sequence[LabelledMoment], probabilities: Sequence[float | None]) -> list[Acceptance]:
    """Acceptances with verdict p ≥ 0.5; None = unscored."""
    return [
        Acceptance.unscored(one.moment.id, reason="unreadable")
        if p is None
        else Acceptance(moment_id=one.moment.id, p_accept=p, accepted=p >= 0.5)
        for one, p in zip(items, probabilities, strict=True)
    ]


@dataclass
class Rule:
    """A judge that applies one function to every moment; None = unscored."""

    rule: Callable[[Moment], float | None]
    name: str = "rule"

    async def judge(self, moment: Moment) -> Acceptance:
        p = self.rule(moment)
        if p is None:
            return Acceptance.unscored(moment.id, reason="unreadable")
        return Acceptance(moment_id=moment.id, p_accept=p, accepted=p >= 0.5)

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        return [await self.judge(moment) for moment in moments]
