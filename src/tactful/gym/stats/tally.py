"""Recordings counted one after another: what is kept of each are its gaps and a few numbers."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import get_args

import numpy as np

from tactful import __version__
from tactful.gym.stats.recordings import NOT_SAID, Recording
from tactful.gym.stats.results import (
    GAP_EDGES_S,
    GapSizes,
    GymStats,
    Mark,
    Timeline,
    TimingRow,
    WorkRow,
)
from tactful.gym.types import SETTINGS, Timing
from tactful.stats.bootstrap import group_draws, ratio
from tactful.stats.burstiness import gaps_s, mean_burstiness
from tactful.stats.estimate import Estimate
from tactful.stats.shares import GroupSums, share_over

TIMINGS: tuple[Timing, ...] = get_args(Timing)
_RESAMPLES = 1000
_MOST_TICKS = 1_500
"""Of one picture."""


@dataclass
class _Work:
    """What one row is made of."""

    instances: int = 0
    events: int = 0
    seconds: float = 0.0
    offers: int = 0
    never_offered: int = 0
    scenes: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    per_hour: GroupSums = field(default_factory=GroupSums)
    accepted: GroupSums = field(default_factory=GroupSums)
    silent: GroupSums = field(default_factory=GroupSums)
    repeated: GroupSums = field(default_factory=GroupSums)
    gaps: list[array[float]] = field(default_factory=list)
    gap_groups: list[str] = field(default_factory=list)
    first_offers: array[float] = field(default_factory=lambda: array("d"))
    endings: Counter[str] = field(default_factory=Counter)

    def add(self, one: Recording) -> None:
        """Count one recording."""
        self.instances += 1
        self.events += len(one.ticks)
        self.seconds += one.seconds
        self.offers += len(one.offers)
        if one.scene:
            self.scenes.add(one.scene)
        self.groups.add(one.group)
        if one.watched:
            self.per_hour.add(one.group, len(one.offers), one.seconds / 3600)
            self.never_offered += not one.offers
        for offer in one.offers:
            if offer.verdict is not None:
                self.accepted.add(one.group, offer.verdict == "accepted")
        if one.chances:
            self.silent.add(one.group, max(0, one.chances - len(one.offers)), one.chances)
        texts = [tick.text.strip().casefold() for tick in one.ticks]
        self.repeated.add(one.group, len(texts) - len(set(texts)), len(texts))
        self.gaps.append(array("d", gaps_s(tick.at for tick in one.ticks)))
        self.gap_groups.append(one.group)
        if one.watched and (first := one.first_offer_s) is not None:
            self.first_offers.append(first)
        if one.end:
            self.endings[one.end] += 1

    def row(self, name: str, seed: int) -> WorkRow:
        """All figures."""
        bursts = [
            mean_burstiness(self.gaps, self.gap_groups, finite_size=corrected, seed=seed)
            for corrected in (False, True)
        ]
        quartiles = None
        if self.first_offers:
            low, middle, high = np.quantile(self.first_offers, [0.25, 0.5, 0.75])
            quartiles = (float(low), float(middle), float(high))
        return WorkRow(
            name=name,
            instances=self.instances,
            scenes=len(self.scenes),
            groups=len(self.groups),
            events=self.events,
            hours=self.seconds / 3600,
            offers=self.offers,
            per_hour=_rate(self.per_hour, seed),
            acceptance=share_over(self.accepted.values()),
            silence=share_over(self.silent.values()),
            duplicates=share_over(self.repeated.values()),
            burstiness=bursts[0],
            burstiness_corrected=bursts[1],
            gaps=_sizes(self.gaps),
            first_offer_s=quartiles,
            never_offered=self.never_offered,
            endings=dict(sorted(self.endings.items())),
        )


@dataclass
class _Offers:
    """Verdicts by where the work stood: group → hits and cases."""

    offers: int = 0
    by: dict[str, GroupSums] = field(
        default_factory=lambda: {name: GroupSums() for name in ("accepted", "rejected", "ignored")}
    )

    def row(self, timing: str) -> TimingRow:
        """All figures."""
        return TimingRow(
            timing=timing,
            offers=self.offers,
            **{name: share_over(groups.values()) for name, groups in self.by.items()},
        )


def count(
    recordings: Iterable[Recording], *, sources: Sequence[str] = (), pictures: int = 12, seed: int = 0
) -> GymStats:
    """The statistics of all recordings; `pictures` is how many are kept to be drawn, in turn from each setting."""
    whole = _Work()
    settings: defaultdict[str, _Work] = defaultdict(_Work)
    parts: defaultdict[str, _Work] = defaultdict(_Work)
    timings: defaultdict[tuple[str, str], _Offers] = defaultdict(_Offers)
    drawn: defaultdict[str, list[Timeline]] = defaultdict(list)
    untimed = 0
    for one in recordings:
        whole.add(one)
        settings[one.setting].add(one)
        parts[f"assistant {one.assistant}" if one.source == "episodes" else one.source].add(one)
        _offered(one, timings)
        untimed += not one.times
        if len(drawn[one.setting]) < pictures:
            drawn[one.setting].append(timeline(one))
    notes = [f"{untimed} of {whole.instances} instances bear no times"] if untimed else []
    order = [*SETTINGS, *sorted(settings.keys() - set(SETTINGS))]
    return GymStats(
        sources=tuple(sources),
        whole=whole.row("all", seed),
        settings=tuple(settings[name].row(name, seed) for name in order if name in settings),
        parts=tuple(parts[name].row(name, seed) for name in sorted(parts)) if len(parts) > 1 else (),
        timings=_timing_rows("", timings),
        by_setting={name: rows for name in order if (rows := _timing_rows(name, timings))},
        timelines=_in_turn([drawn[name] for name in order if drawn[name]], pictures),
        notes=tuple(notes),
        version=__version__,
    )


def timeline(one: Recording) -> Timeline:
    """How a recording is drawn; of a very long one the first events."""
    times = one.times
    timed = bool(times)

    def second(index: int) -> float:
        at = one.ticks[index].at
        if not timed:
            return float(index)
        return max(0.0, (at - times[0]).total_seconds()) if at is not None else 0.0

    kept = min(len(one.ticks), _MOST_TICKS)
    return Timeline(
        id=one.id,
        setting=one.setting,
        assistant=one.assistant,
        end=one.end,
        timed=timed,
        seconds=max((second(index) for index in range(kept)), default=0.0),
        ticks=tuple((second(index), one.ticks[index].kind) for index in range(kept)),
        events=len(one.ticks),
        offers=tuple(
            Mark(at_s=second(offer.index), verdict=offer.verdict, timing=offer.timing, text=offer.text)
            for offer in one.offers
            if offer.index < kept
        ),
    )


def _offered(one: Recording, timings: defaultdict[tuple[str, str], _Offers]) -> None:
    for offer in one.offers:
        if offer.verdict is None:
            continue
        for setting in ("", one.setting):
            held = timings[setting, offer.timing or NOT_SAID]
            held.offers += 1
            for verdict, groups in held.by.items():
                groups.add(one.group, offer.verdict == verdict)


def _timing_rows(setting: str, timings: defaultdict[tuple[str, str], _Offers]) -> tuple[TimingRow, ...]:
    return tuple(
        timings[setting, name].row(name) for name in (*TIMINGS, NOT_SAID) if (setting, name) in timings
    )


def _in_turn(several: list[list[Timeline]], most: int) -> tuple[Timeline, ...]:
    """One from each list after another, until there are `most`."""
    return tuple(one for row in zip_longest(*several) for one in row if one is not None)[:most]


def _rate(per_hour: GroupSums, seed: int) -> Estimate:
    """Offers over hours, resampling groups."""
    held = [pair for pair in per_hour.values() if pair[1]]
    if not held:
        return Estimate(value=None, items=0, groups=0)
    top, bottom = np.array(held).T
    return ratio(top, bottom, group_draws(len(held), _RESAMPLES, seed), items=int(top.sum()))


def _sizes(sequences: Sequence[array[float]]) -> GapSizes:
    gaps = np.concatenate([np.array(one) for one in sequences]) if sequences else np.zeros(0)
    if not len(gaps):
        return GapSizes(gaps=0, p10=None, p50=None, p90=None, longest=None, shares=())
    p10, p50, p90 = np.quantile(gaps, [0.1, 0.5, 0.9])
    counts, _ = np.histogram(gaps, bins=[0, *GAP_EDGES_S, math.inf])
    return GapSizes(
        gaps=len(gaps),
        p10=float(p10),
        p50=float(p50),
        p90=float(p90),
        longest=float(gaps.max()),
        shares=tuple(float(share) for share in counts / len(gaps)),
    )
