"""The statistics of recorded work, as they are printed, saved and drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.gym.stats.recordings import Kind
from tactful.gym.types import Timing, Verdict
from tactful.stats.estimate import Estimate
from tactful.types import Record

GAP_EDGES_S = (1, 3, 10, 30, 100, 300)
"""Where the gaps between events are parted."""


class GapSizes(Record):
    """Seconds between neighbouring events."""

    gaps: int
    p10: float | None
    p50: float | None
    p90: float | None
    longest: float | None
    shares: tuple[float, ...]
    """Share of the gaps below each of `GAP_EDGES_S` and from the one before on; the last: from the last edge on."""


class WorkRow(Record):
    """What is in recordings of one kind."""

    name: str
    instances: int
    scenes: int
    """That episodes were played of; traces, moments and activity say none."""
    groups: int
    """What intervals go by: scenes made from one seed task are one; else each trace or session."""
    events: int
    hours: float
    """Summed over instances, each from its first event to its last."""
    offers: int
    """Shown to a user, or judged."""
    per_hour: Estimate
    """Offers; undefined where no assistant watched live, or no time is known."""
    acceptance: Estimate
    """Accepted of the offers with a verdict."""
    silence: Estimate
    """Chances at which nothing was offered; undefined where no assistant was there."""
    duplicates: Estimate
    """Events whose text was in the same instance before."""
    burstiness: Estimate
    """(σ − μ) / (σ + μ) of the gaps, by instance."""
    burstiness_corrected: Estimate
    """The same with the effect of few gaps taken out (Kim and Jo 2016)."""
    gaps: GapSizes
    first_offer_s: tuple[float, float, float] | None
    """Quartiles of the seconds until the first offer, over instances with one."""
    never_offered: int
    """Instances without an offer, where an assistant was there."""
    endings: Mapping[str, int]


class TimingRow(Record):
    """What came of offers by where the work stood."""

    timing: Timing | Literal["not said"]
    offers: int
    accepted: Estimate
    rejected: Estimate
    ignored: Estimate


class Mark(Record):
    """An offer in a picture."""

    at_s: float
    verdict: Verdict | None
    timing: Timing | None
    text: str


class Timeline(Record):
    """One instance as it is drawn."""

    id: str
    setting: str
    assistant: str
    end: str
    timed: bool
    """False: no times are known, and events stand one second apart."""
    seconds: float
    ticks: tuple[tuple[float, Kind], ...]
    """The first of `events`."""
    events: int
    offers: tuple[Mark, ...]


class GymStats(Record):
    """Everything about the recordings that were given."""

    sources: tuple[str, ...]
    whole: WorkRow
    settings: tuple[WorkRow, ...]
    parts: tuple[WorkRow, ...]
    """By assistant and by kind of recording, where there are several."""
    timings: tuple[TimingRow, ...]
    by_setting: Mapping[str, tuple[TimingRow, ...]]
    """The same for each setting."""
    timelines: tuple[Timeline, ...]
    """Of some instances, in turn from each setting; `whole.instances` says of how many."""
    notes: tuple[str, ...] = ()
    version: str

    @property
    def rows(self) -> tuple[WorkRow, ...]:
        """The rows of a table: each setting, all of them where there are several, each part."""
        return (*self.settings, *((self.whole,) if len(self.settings) > 1 else ()), *self.parts)
