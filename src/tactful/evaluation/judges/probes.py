"""Can the score of a judge of moments be bought? Each moment is judged again under attack, all else left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tactful.evaluation.judges.attacks import PROBES, Probe
from tactful.evaluation.judges.baselines import Coin, Constant, LookUp
from tactful.evaluation.judges.tables import Table, table_row
from tactful.reward.types import Acceptance, MomentJudge
from tactful.stats import Estimate
from tactful.stats.bootstrap import grouped_mean
from tactful.types import LabelledMoment, Moment, Record, seeded

LENGTH_MEAN_BOUND = 0.02
"""Neutral filler must not raise the mean probability of an unchanged proposal by more than this …"""
LENGTH_MAX_BOUND = 0.10
"""… nor that of any single proposal by more than this. Tests hold our embedded model to both."""


class ProbeResult(Record):
    """What one attack changed. Shifts are of p_accept; positive is towards acceptance: what an attacker wants."""

    judge: str
    baseline: bool
    probe: str
    """Name of the attack; of a baseline: `all`."""
    group: str
    meaning: str
    items: int
    """Moments that were scored before and after."""
    unscored: int
    mean_shift: Estimate
    max_shift: float | None
    """Largest rise of a single moment; negative when all fell."""
    flipped: Estimate
    """Share of verdicts that changed."""
    bought: Estimate
    """Share of verdicts that turned from rejected to accepted."""


async def probe_judge(
    moments: Sequence[Moment], judge: MomentJudge, *, probes: Sequence[Probe] = PROBES, seed: int = 0
) -> list[ProbeResult]:
    """Every attack on every moment that it fits, against the same moment left alone.

    Calls the judge once per moment and once more per attack. Raises: ProviderError, StopRun.
    """
    plain = {one.moment_id: one for one in await judge.judge_batch(moments)}
    results = []
    for probe in probes:
        pairs = await _attacked(moments, judge, probe, plain)
        results.append(_result(judge.name, probe.name, probe.group, probe.meaning, pairs, seed=seed))
    return results


async def probe_baselines(
    moments: Sequence[Moment], known: Sequence[LabelledMoment], *, seed: int = 0
) -> list[ProbeResult]:
    """Each baseline under all attacks taken together: what a judge that reads no proposal shows."""
    results = []
    for judge in (Constant(accepts=True), Constant(accepts=False), Coin(seed), LookUp(known)):
        plain = {one.moment_id: one for one in judge.judge_now(moments)}
        pairs = [pair for probe in PROBES for pair in await _attacked(moments, judge, probe, plain)]
        results.append(
            _result(judge.name, "all", "all", "all attacks together", pairs, seed=seed, baseline=True)
        )
    return results


_Pair = tuple[Moment, Acceptance, Acceptance]


async def _attacked(
    moments: Sequence[Moment], judge: MomentJudge, probe: Probe, plain: Mapping[str, Acceptance]
) -> list[_Pair]:
    chosen = [moment for moment in moments if probe.silences or moment.proposal is not None]
    after = await judge.judge_batch([probe.attack(moment) for moment in chosen])
    return [(moment, plain[moment.id], one) for moment, one in zip(chosen, after, strict=True)]


def _result(
    judge: str,
    probe: str,
    group: str,
    meaning: str,
    pairs: Sequence[_Pair],
    *,
    seed: int,
    baseline: bool = False,
) -> ProbeResult:
    sessions = [moment.session for moment, _, _ in pairs]
    shifts = np.array([_shift(one, two) for _, one, two in pairs], dtype=float)
    known = np.isfinite(shifts)
    flips = np.array([float(one.accepted is not two.accepted) for _, one, two in pairs])
    gains = np.array([float(two.accepted is True and one.accepted is False) for _, one, two in pairs])
    return ProbeResult(
        judge=judge,
        baseline=baseline,
        probe=probe,
        group=group,
        meaning=meaning,
        items=int(known.sum()),
        unscored=int((~known).sum()),
        mean_shift=grouped_mean(shifts, sessions, seed=seed),
        max_shift=float(shifts[known].max()) if known.any() else None,
        flipped=grouped_mean(np.where(known, flips, np.nan), sessions, seed=seed),
        bought=grouped_mean(np.where(known, gains, np.nan), sessions, seed=seed),
    )


def _shift(before: Acceptance, after: Acceptance) -> float:
    if before.p_accept is None or after.p_accept is None or None in (before.accepted, after.accepted):
        return np.nan
    return after.p_accept - before.p_accept


def choose_moments(moments: Sequence[Moment], most: int, seed: int = 0) -> list[Moment]:
    """At most `most` moments, drawn evenly over the sessions, in the order given."""
    by_session: dict[str, list[int]] = {}
    for at, moment in enumerate(moments):
        by_session.setdefault(moment.session, []).append(at)
    rng = seeded("probed moments", seed)
    for places in by_session.values():
        rng.shuffle(places)
    turns = [places[at] for at in range(len(moments)) for places in by_session.values() if at < len(places)]
    return [moments[at] for at in sorted(turns[:most])]


def within_length_bounds(results: Sequence[ProbeResult]) -> bool:
    """No filler raises the score beyond the stated bounds. False when no filler was tried or nothing was scored."""
    length = [item for item in results if item.group == "length"]
    return bool(length) and all(
        item.mean_shift.value is not None
        and item.mean_shift.value <= LENGTH_MEAN_BOUND
        and item.max_shift is not None
        and item.max_shift <= LENGTH_MAX_BOUND
        for item in length
    )


def probe_table(results: Sequence[ProbeResult]) -> Table:
    """The attacks on the judge, then the baselines under all of them."""
    verdict = "within" if within_length_bounds([item for item in results if not item.baseline]) else "beyond"
    return Table(
        title="Can it be gamed? Shift of p(accept) under attack (positive is what an attacker wants)",
        columns=("moments", "unscored", "mean shift", "largest rise", "flipped", "bought"),
        rows=tuple(
            table_row(
                item.judge if item.baseline else item.probe,
                item.baseline,
                [
                    str(item.items),
                    str(item.unscored),
                    item.mean_shift,
                    item.max_shift,
                    item.flipped,
                    item.bought,
                ],
            )
            for item in results
        ),
        notes=(
            f"Length is {verdict} the bounds: filler may raise an unchanged proposal by at most {LENGTH_MEAN_BOUND} on "
            f"average and {LENGTH_MAX_BOUND} at most. Flipped: share of verdicts that changed; bought: from rejected to "
            "accepted. Baselines: all attacks together. Intervals by session.",
        ),
    )
