"""Sums per session of what a gate does, for many thresholds at once; every figure of a gate is made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tactful.reward.gate.rule import ABSTAIN, SPEAK, Costs
from tactful.reward.types import Acceptance
from tactful.types import LabelledMoment

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """The moments that a gate decides, one entry each: a proposal is at hand and its judgement is scored."""

    p: Floats
    """Judged probability of acceptance."""
    p_need: Floats
    """Judged probability that help is wanted; NaN = the judge does not say."""
    accepted: NDArray[np.bool_]
    """What people said of the proposal."""
    needed: NDArray[np.bool_]
    """What people said of the moment; where nobody did, whether the proposal was accepted."""
    session: NDArray[np.int64]
    names: tuple[str, ...]
    """Of the sessions with a scored proposal."""
    undecided: Floats
    """(sessions, then those of which nothing is scored,): proposals left out because their judgement is unscored, at which a gate abstains."""
    silences: int = 0
    """Moments without a proposal: there is nothing to decide."""

    @property
    def unscored(self) -> int:
        """Proposals left out because their judgement is unscored."""
        return int(self.undecided.sum())


def moments_of(items: Sequence[LabelledMoment], said: Sequence[Acceptance]) -> Moments:
    """The moments with a proposal and a scored judgement; the others are counted."""
    proposals = [pair for pair in zip(items, said, strict=True) if pair[0].moment.proposal is not None]
    scored = [(item, one) for item, one in proposals if one.p_accept is not None]
    names, session = np.unique(
        np.array([item.moment.session for item, _ in scored], dtype=str), return_inverse=True
    )
    undecided = Counter(item.moment.session for item, one in proposals if one.p_accept is None)
    every = (*names.tolist(), *sorted(undecided.keys() - {*names.tolist()}))
    known = [item.label.help_needed for item, _ in scored]
    accepted = [item.label.accepted for item, _ in scored]
    return Moments(
        p=np.array([one.p_accept for _, one in scored], dtype=float),
        p_need=np.array([one.p_need for _, one in scored], dtype=float),
        accepted=np.array(accepted, dtype=bool),
        needed=np.array(
            [own if need is None else need for own, need in zip(accepted, known, strict=True)], dtype=bool
        ),
        session=session.astype(np.int64),
        names=tuple(names.tolist()),
        undecided=np.array([undecided[name] for name in every], dtype=float),
        silences=len(items) - len(proposals),
    )


@dataclass(frozen=True)
class Tally:
    """Sums over the moments of each session, (sessions, policies); a policy is a threshold or a list of actions."""

    hits: Floats
    false_alarms: Floats
    withheld: Floats
    """Silent though the proposal would have been accepted."""
    withheld_needed: Floats
    """The same where help was also needed."""
    unmet: Floats
    """Silent though help was needed, whatever was proposed."""
    correct_silences: Floats
    """Silent, and the proposal would have been rejected."""
    abstained: Floats
    moments: Floats
    """(sessions,): all of the session, abstained ones too."""

    def take(self, policy: int) -> Tally:
        """One policy alone."""
        kept = {name: value[:, [policy]] for name, value in vars(self).items() if name != "moments"}
        return Tally(**kept, moments=self.moments)


def tally(moments: Moments, actions: NDArray[np.int8]) -> Tally:
    """The sums for `actions` (moments,) or (policies, moments) of SPEAK, SILENT and ABSTAIN."""
    member = np.zeros((len(moments.names), len(moments.p)))
    member[moments.session, np.arange(len(moments.p))] = 1
    rows = np.atleast_2d(actions)
    speak, abstain = (rows == SPEAK).T, (rows == ABSTAIN).T
    silent = ~speak & ~abstain
    accepted, needed = moments.accepted[:, None], moments.needed[:, None]
    return Tally(
        hits=member @ (speak & accepted),
        false_alarms=member @ (speak & ~accepted),
        withheld=member @ (silent & accepted),
        withheld_needed=member @ (silent & accepted & needed),
        unmet=member @ (silent & needed),
        correct_silences=member @ (silent & ~accepted),
        abstained=member @ abstain,
        moments=member.sum(axis=1),
    )


def threshold_tally(moments: Moments, levels: Floats) -> Tally:
    """The sums for "speak iff p is at least the level", for rising `levels`; as `tally`, without a row per moment."""
    place = np.searchsorted(levels, moments.p, side="right")  # so many levels does p reach
    shape = (len(moments.names), len(levels) + 1)

    def reaching(which: NDArray[np.bool_]) -> Floats:
        at = moments.session[which] * shape[1] + place[which]
        found = np.bincount(at, minlength=shape[0] * shape[1]).reshape(shape)
        return np.asarray(np.cumsum(found[:, ::-1], axis=1)[:, ::-1][:, 1:], dtype=float)

    def both(which: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """(spoken, silent)"""
        spoken = reaching(which)
        return spoken, np.bincount(moments.session[which], minlength=shape[0])[:, None] - spoken

    hits, withheld = both(moments.accepted)
    false_alarms, correct_silences = both(~moments.accepted)
    return Tally(
        hits=hits,
        false_alarms=false_alarms,
        withheld=withheld,
        withheld_needed=both(moments.accepted & moments.needed)[1],
        unmet=both(moments.needed)[1],
        correct_silences=correct_silences,
        abstained=np.zeros_like(hits),
        moments=np.bincount(moments.session, minlength=shape[0]).astype(float),
    )


@dataclass(frozen=True)
class Weighing:
    """What actions are worth."""

    costs: Costs
    form: Literal["prism", "utility"] = "prism"
    judged_need: bool = True
    """A miss counts where people said that help was needed; else where the proposal would have been accepted."""

    def at(self, share: float) -> Weighing:
        """The same where a false alarm has this share of both costs; `utility` keeps its miss, and 1 for a hit."""
        costs = Costs(false_alarm=share, miss=1 - share)
        if self.form == "utility":
            costs = Costs(false_alarm=share / (1 - share), miss=self.costs.miss)
        return Weighing(costs, self.form, self.judged_need)

    def sums(self, found: Tally) -> Floats:
        """Utility summed over each session's moments, (sessions, policies). An abstained moment adds nothing.

        - `prism`: −false_alarm for each false alarm, −miss for each withheld proposal (with `judged_need`: where help
          was also needed); divided by false_alarm + miss.
        - `utility`: +1 for a hit, −false_alarm for a false alarm, −miss for silence where help was needed (without
          `judged_need`: where the proposal would have been accepted); divided by 1 + false_alarm + miss.
        """
        alarm, miss = self.costs.false_alarm, self.costs.miss
        if self.form == "prism":
            missed = found.withheld_needed if self.judged_need else found.withheld
            return (-alarm * found.false_alarms - miss * missed) / (alarm + miss)
        missed = found.unmet if self.judged_need else found.withheld
        return (found.hits - alarm * found.false_alarms - miss * missed) / (1 + alarm + miss)
