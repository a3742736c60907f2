"""What any judge of moments must beat: always accept, always reject, a coin, and a look-up that never reads the proposal.

The look-up shows a leak. It knows whether help was wanted at an observation, if the training part holds that very
observation, and the mean of the training part otherwise. Where the training part shares no session with the moments
judged it knows nothing of worth; where a split by item tore the proposals made at one point apart it is hard to beat.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tactful.data.formats.moments import observation_id
from tactful.reward.types import Acceptance, JudgeAtOnce
from tactful.stats.bootstrap import Array
from tactful.types import LabelledMoment, Moment, seeded

BASELINES = ("always-accept", "always-reject", "random", "look-up")
"""Rows of every table about judges of moments, in this order."""


class Constant(JudgeAtOnce):
    """Accepts everything, or nothing. A `MomentJudge`."""

    def __init__(self, *, accepts: bool) -> None:
        self.accepts = accepts

    @property
    def name(self) -> str:
        """`always-accept` or `always-reject`."""
        return BASELINES[0 if self.accepts else 1]

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """The one verdict for every moment."""
        return [_said(moment, float(self.accepts)) for moment in moments]


class Coin(JudgeAtOnce):
    """Throws a coin for each moment, seeded by the moment's id: equal seeds give equal verdicts. A `MomentJudge`."""

    name = BASELINES[2]

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """A verdict each, always with probability 0.5."""
        return [
            Acceptance(
                moment_id=moment.id,
                p_accept=0.5,
                accepted=seeded("coin", self.seed, moment.id).random() < 0.5,
            )
            for moment in moments
        ]


class LookUp(JudgeAtOnce):
    """Whether help was wanted at this very observation, looked up among known moments. A `MomentJudge`.

    It reads whether there is a proposal, never what it says: where help was wanted it accepts every proposal and no
    silence, elsewhere the reverse. Its probability is the rate among the known moments of that kind and need. At an
    observation that it does not know it says the mean of all known moments of the kind. A moment never informs the
    judgement of itself.
    """

    name = BASELINES[3]

    def __init__(self, known: Sequence[LabelledMoment]) -> None:
        self._needs: dict[str, Array] = defaultdict(_nothing)
        self._rates: dict[tuple[bool, bool | None], Array] = defaultdict(_nothing)
        self._own: dict[str, LabelledMoment] = {}
        for item in known:
            self._needs[observation_id(item.moment)] += _need(item)
            self._own[item.moment.id] = item
        for item in known:
            here = self._needs[observation_id(item.moment)]
            for key in ((item.moment.proposal is None, _wanted(here)), (item.moment.proposal is None, None)):
                self._rates[key] += _verdict(item)

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        """A judgement each; unscored where nothing of that kind is known."""
        return [self._looked_up(moment) for moment in moments]

    def _looked_up(self, moment: Moment) -> Acceptance:
        silent, own = moment.proposal is None, self._own.get(moment.id)
        needs = self._needs.get(observation_id(moment), _nothing())
        wanted = _wanted(needs if own is None else needs - _need(own))
        hits, count = self._rates.get((silent, wanted), _nothing())
        if own is not None:
            hits, count = np.array([hits, count]) - _verdict(own)
        if wanted is None and count <= 0:
            return _said(moment, np.nan)
        p = float(np.clip(hits / count, 0, 1)) if count > 0 else float(wanted is not silent)
        accepted = p >= 0.5 if wanted is None else wanted is not silent
        return Acceptance(moment_id=moment.id, p_accept=p, accepted=accepted)


def _nothing() -> Array:
    return np.zeros(2)


def _verdict(item: LabelledMoment) -> Array:
    return np.array([float(item.label.accepted), 1.0])


def _need(item: LabelledMoment) -> Array:
    """(1 if help was wanted, 1), or nothing where nobody said and the moment is no silence."""
    if item.label.help_needed is not None:
        return np.array([float(item.label.help_needed), 1.0])
    return np.array([float(not item.label.accepted), 1.0]) if item.moment.proposal is None else _nothing()


def _wanted(needs: Array) -> bool | None:
    return bool(needs[0] >= needs[1] / 2) if needs[1] > 0 else None


def looked_up(
    items: Sequence[LabelledMoment],
    *,
    known: Sequence[LabelledMoment] | None = None,
    parts: Sequence[str] | None = None,
) -> list[Acceptance]:
    """What the look-up says of every item: from `known`, or from the items of other parts (default: sessions)."""
    if known is not None:
        return LookUp(known).judge_now([item.moment for item in items])
    if parts is None:  # an observation names its session, so that the other sessions never hold it
        rates = base_rates(items)
        return [_said(item.moment, float(rate)) for item, rate in zip(items, rates, strict=True)]
    by_part: dict[str, list[int]] = defaultdict(list)
    for at, part in enumerate(parts):
        by_part[part].append(at)
    found: dict[int, Acceptance] = {}
    for part, places in by_part.items():
        judge = LookUp([item for item, other in zip(items, parts, strict=True) if other != part])
        found |= dict(zip(places, judge.judge_now([items[at].moment for at in places]), strict=True))
    return [found[at] for at in range(len(items))]


def base_rates(
    items: Sequence[LabelledMoment],
    *,
    known: Sequence[LabelledMoment] | None = None,
    parts: Sequence[str] | None = None,
) -> Array:
    """For every item the share accepted among the known moments of its kind (proposals, silences), itself left out.

    What is known goes by `known` and `parts` as in `looked_up`. NaN where nothing of the kind is known.
    """
    table = items if known is None else known
    own = [item.moment.session for item in items] if parts is None else list(parts)
    sums: dict[tuple[bool, str], Array] = defaultdict(_nothing)
    total: dict[bool, Array] = defaultdict(_nothing)
    for item, part in zip(table, own if known is None else [""] * len(table), strict=True):
        sums[item.moment.proposal is None, part] += _verdict(item)
        total[item.moment.proposal is None] += _verdict(item)
    there = {item.moment.id for item in known or ()}
    found = []
    for item, part in zip(items, own, strict=True):
        silent = item.moment.proposal is None
        itself = _verdict(item) if item.moment.id in there else _nothing()
        hits, count = total[silent] - (sums[silent, part] if known is None else itself)
        found.append(hits / count if count > 0 else np.nan)
    return np.array(found, dtype=float)


def at_even_rates(p: Array, rates: Array) -> Array:
    """Probabilities meant at base rates `rates`, moved to a base rate of one half: odds times (1 − rate) / rate.

    A rate of 0 or 1, or an unknown one, leaves the probability as it is.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = p * (1 - rates) / (p * (1 - rates) + (1 - p) * rates)
    return np.asarray(np.where((rates > 0) & (rates < 1), moved, p))


class Said(NamedTuple):
    """What a judge or baseline says of every item; NaN where unscored."""

    p: Array
    verdict: Array
    """1, 0, or 0.5 for a coin, whose expected counts are taken."""
    even: Array
    """The probability that is used where all categories weigh the same; `p` unless it was moved to even rates."""


def baseline_values(
    items: Sequence[LabelledMoment],
    *,
    known: Sequence[LabelledMoment] | None = None,
    parts: Sequence[str] | None = None,
) -> dict[str, Said]:
    """Baseline → what it says. The look-up's probabilities are meant at its base rates and so are moved for `even`."""
    flat = {
        name: np.full(len(items), value) for name, value in zip(BASELINES[:3], (1.0, 0.0, 0.5), strict=True)
    }
    said = looked_up(items, known=known, parts=parts)
    p = np.array([one.p_accept for one in said], dtype=float)
    verdict = np.array([one.accepted for one in said], dtype=float)
    even = at_even_rates(p, base_rates(items, known=known, parts=parts))
    return {name: Said(value, value, value) for name, value in flat.items()} | {
        BASELINES[3]: Said(p, verdict, even)
    }


def _said(moment: Moment, p: float) -> Acceptance:
    """Unscored where `p` is NaN."""
    if np.isnan(p):
        return Acceptance.unscored(moment.id, reason="nothing of this kind is known")
    return Acceptance(moment_id=moment.id, p_accept=p, accepted=p >= 0.5)
