"""What any judge of moments must beat: always accept, always reject, a coin, and a look-up that never reads the proposal.

The look-up shows a leak. It knows what people said about an observation, if the training part holds that very
observation, and the mean of the training part otherwise. Where the training part shares no session with the moments
judged it knows nothing of worth; where a split by item tore the proposals made at one point apart it is hard to beat.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.data.moments import observation_id
from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment, Moment, seeded

Array = NDArray[Any]
BASELINES = ("always-accept", "always-reject", "random", "look-up")
"""Rows of every table about judges of moments, in this order."""


class Constant:
    """Accepts everything, or nothing. A `MomentJudge`."""

    def __init__(self, *, accepts: bool) -> None:
        self.accepts = accepts

    @property
    def name(self) -> str:
        """`always-accept` or `always-reject`."""
        return BASELINES[0 if self.accepts else 1]

    def judge_now(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """The one verdict for every moment."""
        return [_said(moment, float(self.accepts)) for moment in moments]

    async def judge(self, moment: Moment) -> Acceptance:
        """The one verdict."""
        return _said(moment, float(self.accepts))

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """The one verdict for every moment."""
        return self.judge_now(moments)


class Coin:
    """Throws a coin for each moment, seeded by the moment's id: equal seeds give equal verdicts. A `MomentJudge`."""

    name = BASELINES[2]

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def judge_now(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """A verdict each, always with probability 0.5."""
        return [self._thrown(moment) for moment in moments]

    async def judge(self, moment: Moment) -> Acceptance:
        """A verdict with probability 0.5."""
        return self._thrown(moment)

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """A verdict each, always with probability 0.5."""
        return self.judge_now(moments)

    def _thrown(self, moment: Moment) -> Acceptance:
        accepted = seeded("coin", self.seed, moment.id).random() < 0.5
        return Acceptance(moment_id=moment.id, p_accept=0.5, accepted=accepted)


class LookUp:
    """The mean verdict on a known observation, by silence or not; else the mean of all known moments. A `MomentJudge`.

    It never reads a proposal, only whether there is one. A moment never informs the judgement of itself.
    """

    name = BASELINES[3]

    def __init__(self, known: Sequence[LabelledMoment]) -> None:
        self._sums: dict[tuple[str, bool], Array] = defaultdict(lambda: np.zeros(2))
        self._own: dict[str, tuple[tuple[str, bool], Array]] = {}
        for item in known:
            silent = item.moment.proposal is None
            seen = (observation_id(item.moment), silent)
            value = np.array([float(item.label.accepted), 1.0])
            for key in (seen, ("", silent)):
                self._sums[key] = self._sums[key] + value
            self._own[item.moment.id] = (seen, value)

    def judge_now(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """A judgement each; unscored where nothing of that kind is known."""
        return [self._looked_up(moment) for moment in moments]

    async def judge(self, moment: Moment) -> Acceptance:
        """The mean verdict; unscored where nothing of that kind is known."""
        return self._looked_up(moment)

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        """A judgement each; unscored where nothing of that kind is known."""
        return self.judge_now(moments)

    def _looked_up(self, moment: Moment) -> Acceptance:
        silent = moment.proposal is None
        seen = (observation_id(moment), silent)
        own_key, own = self._own.get(moment.id, (None, np.zeros(2)))
        for key in (seen, ("", silent)):
            hits, count = self._sums.get(key, np.zeros(2)) - (own if own_key == seen else 0.0)
            if count > 0:
                return _said(moment, float(np.clip(hits / count, 0, 1)))
        return Acceptance.unscored(moment.id, reason="nothing of this kind is known")


def looked_up(
    items: Sequence[LabelledMoment], known: Sequence[LabelledMoment] | None = None
) -> list[Acceptance]:
    """What the look-up says of every item: from `known`, or, without it, from the other sessions of `items`."""
    if known is not None:
        return LookUp(known).judge_now([item.moment for item in items])
    by_session: dict[str, list[int]] = defaultdict(list)
    for at, item in enumerate(items):
        by_session[item.moment.session].append(at)
    found: list[Acceptance | None] = [None] * len(items)
    for session, places in by_session.items():
        judge = LookUp([item for item in items if item.moment.session != session])
        for at, said in zip(places, judge.judge_now([items[at].moment for at in places]), strict=True):
            found[at] = said
    return [said for said in found if said is not None]


def baseline_values(
    items: Sequence[LabelledMoment], known: Sequence[LabelledMoment] | None = None
) -> dict[str, tuple[Array, Array]]:
    """Baseline → (probabilities, verdicts as 1, 0, or 0.5 for the coin's expected counts), NaN where unscored."""
    count = len(items)
    said = looked_up(items, known)
    p = np.array([np.nan if one.p_accept is None else one.p_accept for one in said], dtype=float)
    verdict = np.array([np.nan if one.accepted is None else one.accepted for one in said], dtype=float)
    flat = {name: np.full(count, value) for name, value in zip(BASELINES[:3], (1.0, 0.0, 0.5), strict=True)}
    return {name: (value, value) for name, value in flat.items()} | {BASELINES[3]: (p, verdict)}


def _said(moment: Moment, p: float) -> Acceptance:
    return Acceptance(moment_id=moment.id, p_accept=p, accepted=p >= 0.5)
