"""What became of a run of the gym, counted in one pass: how episodes ended, what was offered when, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from tactful.gym.types import End, GymEpisode, GymStep, Timing, Verdict
from tactful.types import Record

_UNTOLD = "not known"
TIMINGS: tuple[str, ...] = (*get_args(Timing), _UNTOLD)
VERDICTS: tuple[str, ...] = get_args(Verdict)


class TimingCount(Record):
    """What happened to offers at one place in the work."""

    rounds: int = 0
    """In which an offer could have been made."""
    shown: int = 0
    held_back: int = 0
    verdicts: Mapping[str, int] = {}
    """accepted, rejected, ignored"""


class GymSummary(Record):
    """Counts over the episodes of a run."""

    episodes: int
    groups: int
    """Groups of scenes that they were played of: scenes made from one seed task are one."""
    ends: Mapping[str, int]
    """Why it ended → episodes."""
    rounds: int
    """In which an offer could have been made: without the act by which somebody finishes or leaves."""
    events: int
    """Everything that an assistant saw, its own work included."""
    timings: Mapping[str, TimingCount]
    """By place in the work: boundary, flow, stuck, late; `not known` where nobody can say."""
    help_wanted: int
    """Rounds in which help was wanted."""
    missed: int
    """Of them, those without an offer that was shown."""
    utility: float
    """Sum over episodes of `utility`, at the costs below."""
    cost_false_alarm: float = 1.0
    cost_miss: float = 0.0
    notes: int
    """Places where a model gave no usable reply and something stands for it."""

    @property
    def shown(self) -> int:
        """Offers that the user saw."""
        return sum(one.shown for one in self.timings.values())

    @property
    def verdicts(self) -> dict[str, int]:
        """Reaction → offers."""
        return {name: sum(one.verdicts.get(name, 0) for one in self.timings.values()) for name in VERDICTS}

    def lines(self) -> Iterator[str]:
        """The counts as a table."""
        ends = ", ".join(f"{count} {end}" for end, count in self.ends.items() if count)
        each = f" ({self.events / self.episodes:.1f} an episode)" if self.episodes else ""
        yield f"{'episodes':14} {self.episodes:>6}  {ends}"
        yield f"{'rounds':14} {self.rounds:>6}"
        yield f"{'events':14} {self.events:>6} {each}"
        yield f"{'offers shown':14} {self.shown:>6}"
        heads = ("rounds", "shown", *VERDICTS, "accepted of shown", "held back")
        yield f"{'':14} " + " ".join(f"{head:>{max(6, len(head))}}" for head in heads)
        for name in TIMINGS:
            one = self.timings[name]
            if not one.rounds:
                continue
            taken = one.verdicts.get("accepted", 0)
            cells = (
                str(one.rounds),
                str(one.shown),
                *(str(one.verdicts.get(verdict, 0)) for verdict in VERDICTS),
                f"{taken / one.shown:.2f}" if one.shown else "-",
                str(one.held_back),
            )
            yield f"{'  ' + name:14} " + " ".join(
                f"{cell:>{max(6, len(head))}}" for cell, head in zip(cells, heads, strict=True)
            )
        yield f"help was wanted in {self.help_wanted} rounds, {self.missed} of them without an offer"
        mean = f" ({self.utility / self.episodes:+.2f} an episode)" if self.episodes else ""
        miss = f", a missed need -{self.cost_miss:g}" if self.cost_miss else ""
        yield (
            f"{'utility':14} {self.utility:>+6g} {mean}: an accepted offer is worth 1, one that is not "
            f"-{self.cost_false_alarm:g}{miss}"
        )
        if self.notes:
            yield f"{self.notes} replies were missing; the episodes' notes say what stands for them"


def utility(episode: GymEpisode, *, false_alarm: float = 1.0, miss: float = 0.0) -> float:
    """1 for an accepted offer, −`false_alarm` for one that was shown and not accepted, −`miss` for each round in which
    help was wanted and nothing shown; the form `utility` of our gates.
    """
    return sum(worth(step, false_alarm=false_alarm, miss=miss) for step in episode.steps)


def worth(step: GymStep, *, false_alarm: float = 1.0, miss: float = 0.0) -> float:
    """What one round adds to the `utility`."""
    if step.shown:
        return 1.0 if step.outcome.verdict == "accepted" else -false_alarm
    return -miss if step.outcome.help_wanted else 0.0


def summarise(
    episodes: Iterable[GymEpisode], *, cost_false_alarm: float = 1.0, cost_miss: float = 0.0
) -> GymSummary:
    """The summary, reading the episodes once and keeping none."""
    ends: Counter[str] = Counter()
    rounds: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    held: Counter[str] = Counter()
    verdicts: Counter[tuple[str, str]] = Counter()
    events = wanted = missed = notes = 0
    total = 0.0
    groups: set[str] = set()
    for episode in episodes:
        groups.add(episode.group)
        ends[episode.end] += 1
        events += len(episode.events)
        total += utility(episode, false_alarm=cost_false_alarm, miss=cost_miss)
        notes += len(episode.notes)
        for step in episode.open_rounds:
            place = step.outcome.timing or _UNTOLD
            rounds[place] += 1
            shown[place] += step.shown
            held[place] += step.proposal is not None and not step.shown
            if step.outcome.verdict is not None:
                verdicts[place, step.outcome.verdict] += 1
            wanted += step.outcome.help_wanted is True
            missed += step.outcome.help_wanted is True and not step.shown
    return GymSummary(
        episodes=ends.total(),
        groups=len(groups),
        ends={end: ends[end] for end in get_args(End)},
        rounds=rounds.total(),
        events=events,
        timings={
            name: TimingCount(
                rounds=rounds[name],
                shown=shown[name],
                held_back=held[name],
                verdicts={verdict: verdicts[name, verdict] for verdict in VERDICTS},
            )
            for name in TIMINGS
        },
        help_wanted=wanted,
        missed=missed,
        utility=total,
        cost_false_alarm=cost_false_alarm,
        cost_miss=cost_miss,
        notes=notes,
    )
