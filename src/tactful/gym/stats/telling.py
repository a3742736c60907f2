"""The statistics as text, and the words that the page shares with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tactful.gym.stats.results import GAP_EDGES_S, GymStats, WorkRow
from tactful.runs.running.progress import duration
from tactful.stats.estimate import FEWEST_GROUPS
from tactful.text.counting import counted

INTERVALS = (
    "Intervals are 95% and go by group: scenes made from one seed task, a trace, a session; none stands for fewer than "
    f"{FEWEST_GROUPS}."
)
SILENCE = "Silence: chances at which nothing was offered."
GAPS = [
    f"below {GAP_EDGES_S[0]} s",
    *(f"{low} to {high} s" for low, high in pairwise(GAP_EDGES_S)),
    f"{GAP_EDGES_S[-1]} s and more",
]
"""What `GapSizes.shares` are called."""
PUBLISHED = "ProactiveBench's training set, as published: 136 scenes, 6,790 events."
"""By the table of its paper (arXiv 2410.12361)."""


def first_offer(row: WorkRow) -> str:
    """The median with the quartiles around it; – where nothing was offered."""
    if row.first_offer_s is None:
        return "–"
    low, middle, high = map(duration, row.first_offer_s)
    return f"{middle} ({low} to {high})"


def within(row: WorkRow) -> str:
    """` of 20 scenes in 9 groups`, with its blank; without the groups where each scene, or each instance, is one of its own."""
    found = f" of {counted(row.scenes, 'scene')}" if row.scenes else ""
    known = row.scenes or row.instances
    return found if row.groups == known else f"{found} in {counted(row.groups, 'group')}"


def headline(found: GymStats) -> str:
    """What there is, in a sentence."""
    row = found.whole
    said = f"{counted(row.instances, 'instance')}{within(row)}, {counted(row.events, 'event')}"
    if not row.offers:
        return f"{said}; nothing was offered"
    return f"{said}; {counted(row.offers, 'offer')}, {row.acceptance.short_percent()} accepted"


def stats_lines(found: GymStats) -> Iterator[str]:
    """Every table as text."""
    rows = found.rows
    wide = max(14, *(len(row.name) for row in rows))
    yield (
        f"{'':<{wide}}{'instances':>10}{'scenes':>8}{'groups':>8}{'events':>8}{'hours':>8}{'offers':>8}{'per hour':>20}{'accepted':>18}"
        f"{'silence':>18}"
    )
    for row in rows:
        yield (
            f"{row.name:<{wide}}{row.instances:>10}{row.scenes or '–':>8}{row.groups:>8}{row.events:>8}{row.hours:>8.1f}{row.offers:>8}"
            f"{row.per_hour.short(1):>20}{row.acceptance.short_percent():>18}{row.silence.short_percent():>18}"
        )
    yield ""
    yield f"{'':<{wide}}{'burstiness':>22}{'corrected':>22}{'gaps p10':>10}{'p50':>8}{'p90':>8}{'duplicates':>18}"
    for row in rows:
        gaps = [
            f"{value:.0f} s" if value is not None else "–"
            for value in (row.gaps.p10, row.gaps.p50, row.gaps.p90)
        ]
        yield (
            f"{row.name:<{wide}}{row.burstiness.short(2):>22}{row.burstiness_corrected.short(2):>22}{gaps[0]:>10}"
            f"{gaps[1]:>8}{gaps[2]:>8}{row.duplicates.short_percent():>18}"
        )
    if found.timings:
        yield ""
        yield f"{'offers at':<{wide}}{'offers':>8}{'accepted':>20}{'rejected':>20}{'ignored':>20}"
        for held in found.timings:
            yield (
                f"{held.timing:<{wide}}{held.offers:>8}{held.accepted.short_percent():>20}{held.rejected.short_percent():>20}"
                f"{held.ignored.short_percent():>20}"
            )
    if found.whole.first_offer_s is not None:
        never = counted(found.whole.never_offered, "instance")
        yield f"first offer after {first_offer(found.whole)}; none in {never}"
    yield SILENCE
    yield INTERVALS
    if found.whole.endings:
        yield "ended by " + ", ".join(f"{name}: {number}" for name, number in found.whole.endings.items())
    for note in found.notes:
        yield f"note: {note}"
    yield PUBLISHED
