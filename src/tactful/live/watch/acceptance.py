"""Is an offer welcome? A judge's probability, a gate or a least value, and what this person did with offers of its kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tactful.live.delivery.types import Candidate, Check
from tactful.live.learning.patience import Population, offer_belief, personal
from tactful.live.types import Taste
from tactful.live.watch.types import Window
from tactful.reward.gate.rule import Gate
from tactful.reward.serve.desk import ComputingJudge
from tactful.reward.types import Acceptance, MomentJudge
from tactful.types import Moment

LEAST_UNJUDGED = 0.25
"""Without a judge nothing is known but the person's own reactions: below this they want no more of a kind."""


@dataclass(frozen=True)
class Judged:
    """A candidate, how welcome it is, and why it would not be made; empty `check`: it would."""

    candidate: Candidate
    p_accept: float | None
    p_own: float | None
    threshold: float | None
    check: Check = ""
    reason: str = ""


class Acceptor:
    """Judges candidates. A gate with a promise keeps it: then what is known of a person can only make for more silence."""

    def __init__(self, judge: MomentJudge | None, *, gate: Gate | None = None, least: float = 0.5) -> None:
        self.name = "" if judge is None else judge.name
        self._judge, self._gate, self._least = judge, gate, least

    async def judged(
        self,
        window: Window,
        candidates: Sequence[Candidate],
        taste: Taste | None,
        population: Population,
        timeout_s: float,
    ) -> list[Judged]:
        """The candidates, the likeliest to be welcome first; those that could not be judged come last."""
        said = await self._said([window.moment(one.text) for one in candidates], timeout_s)
        found = [
            self._one(one, acceptance, taste, population, window.at)
            for one, acceptance in zip(candidates, said, strict=True)
        ]
        return sorted(found, key=lambda one: -1.0 if one.p_own is None else one.p_own, reverse=True)

    async def _said(self, moments: Sequence[Moment], timeout_s: float) -> Sequence[Acceptance | None]:
        judge = self._judge
        if judge is None:
            return [None] * len(moments)
        try:
            if isinstance(judge, ComputingJudge):  # in a thread, where it holds up no events
                return await asyncio.wait_for(asyncio.to_thread(judge.judge_now, moments), timeout_s)
            return await asyncio.wait_for(judge.judge_batch(moments), timeout_s)
        except Exception as error:  # whatever a judge does: silence, with the kind of error as reason
            return [
                Acceptance.unscored(one.id, reason=f"the judge failed: {type(error).__name__}")
                for one in moments
            ]

    def _one(
        self,
        candidate: Candidate,
        said: Acceptance | None,
        taste: Taste | None,
        population: Population,
        at: datetime,
    ) -> Judged:
        belief = offer_belief(taste, candidate.kind, population, at)
        if said is None:
            own = 1 - belief.mean
            if own >= LEAST_UNJUDGED:
                return Judged(candidate, None, own, LEAST_UNJUDGED)
            told = f"this person would take {own:.0%} of the kind '{candidate.kind}'"
            return Judged(candidate, None, own, LEAST_UNJUDGED, "taste", told)
        if said.p_accept is None:
            return Judged(candidate, None, None, None, "unscored", said.reason or "the judge does not know")
        prior = population.offers.get(candidate.kind, population.any_offer)
        own = personal(said.p_accept, belief, prior)
        threshold, anybody = self._passes(said, said.p_accept)
        promised = self._gate is not None and self._gate.promise is not None
        used = min(own, said.p_accept) if promised else own
        if self._passes(said, used)[1]:
            return Judged(candidate, said.p_accept, own, threshold)
        told = f"p(accept) {used:.3f} is below {threshold:.3f}"
        check: Check = "taste" if anybody else "acceptance"
        return Judged(candidate, said.p_accept, own, threshold, check, told)

    def _passes(self, said: Acceptance, p: float) -> tuple[float, bool]:
        if self._gate is None:
            return self._least, p >= self._least
        decided = self._gate.decide(said.model_copy(update={"p_accept": p}))
        return decided.threshold, decided.action == "speak"
