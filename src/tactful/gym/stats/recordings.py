"""Episodes, traces, moments and work sessions as one thing: events with their times, and what was offered at them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tactful.data.formats.traces import Trace
from tactful.gym.types import GymEpisode, Timing, Verdict
from tactful.types import Event, LabelledMoment, Moment

Kind = Literal["boundary", "flow", "stuck", "late", "assistant", "event"]
"""Of an event: where the work stood, that the assistant did it, or nothing that is known."""
NOT_SAID = "not said"
NOBODY = "none"
"""The assistant of an episode in which there was none."""


@dataclass(frozen=True)
class Tick:
    """An event on the time line."""

    at: datetime | None
    kind: Kind
    text: str


@dataclass(frozen=True)
class Offer:
    """An offer that was shown, or judged, after the event at `index`."""

    index: int
    verdict: Verdict | None
    timing: Timing | None
    text: str


@dataclass(frozen=True)
class Recording:
    """One stretch of work."""

    id: str
    scene: str
    """Empty where it is not known: episodes alone say it."""
    group: str
    """What intervals go by: scenes made from one seed task share it; else the scene, the trace, the session."""
    setting: str
    source: Literal["episodes", "traces", "moments", "activity"]
    ticks: tuple[Tick, ...]
    offers: tuple[Offer, ...] = ()
    chances: int = 0
    """Times that an offer could have been made; 0 where no assistant was there."""
    assistant: str = ""
    end: str = ""

    @property
    def watched(self) -> bool:
        """Whether an assistant was there while the work was done, and could have spoken at any time."""
        return self.source == "episodes" and self.assistant != NOBODY

    @property
    def times(self) -> list[datetime]:
        """Of the events that have one."""
        return [tick.at for tick in self.ticks if tick.at is not None]

    @property
    def seconds(self) -> float:
        """From the first event to the last; 0 where no times are known."""
        times = self.times
        return max(0.0, (max(times) - times[0]).total_seconds()) if times else 0.0

    @property
    def first_offer_s(self) -> float | None:
        """Seconds from the first event to the first offer; None without one, or without times."""
        if not self.offers or not self.times:
            return None
        at = self.ticks[min(offer.index for offer in self.offers)].at
        return None if at is None else max(0.0, (at - self.times[0]).total_seconds())


def of_episodes(episodes: Iterable[GymEpisode]) -> Iterator[Recording]:
    """One recording an episode, made as it is asked for."""
    for episode in episodes:
        ticks: list[Tick] = []
        offers: list[Offer] = []
        for step in episode.steps:
            timing = step.outcome.timing
            ticks += [Tick(event.at, timing or "event", event.text) for event in step.events]
            if step.shown and step.proposal is not None and ticks:
                offers.append(Offer(len(ticks) - 1, step.outcome.verdict, timing, step.proposal))
            ticks += [Tick(event.at, "assistant", event.text) for event in step.carried_out]
        if ticks:
            yield Recording(
                id=episode.id,
                scene=episode.scene_id,
                group=episode.group,
                setting=episode.setting,
                source="episodes",
                ticks=tuple(ticks),
                offers=tuple(offers),
                chances=0
                if episode.assistant == NOBODY
                else sum(bool(one.events) for one in episode.open_rounds),
                assistant=episode.assistant,
                end=episode.end,
            )


def of_traces(traces: Iterable[Trace], splits: Mapping[str, Sequence[str]]) -> Iterator[Recording]:
    """One recording a trace; its setting is the split that it is in. What a trace suggests, nobody was shown."""
    setting = {trace: name for name, ids in splits.items() if name != "all" for trace in ids}
    for trace in traces:
        yield _unwatched(trace.id, setting.get(trace.id, NOT_SAID), "traces", trace.events)


def of_sessions(sessions: Iterable[tuple[str, Sequence[Event]]]) -> Iterator[Recording]:
    """One recording a session of real work, `(id, events)`."""
    for name, events in sessions:
        yield _unwatched(name, NOT_SAID, "activity", events)


def of_moments(moments: Iterable[Moment | LabelledMoment]) -> Iterator[Recording]:
    """One recording a session and user: its longest observation, and everything that was judged along it.

    Of the gym's moments the session is the scene's group, and each episode is a user of its own.
    """
    held: dict[tuple[str, str], list[tuple[Moment, bool | None]]] = {}
    for item in moments:
        told = (item.moment, item.label.accepted) if isinstance(item, LabelledMoment) else (item, None)
        held.setdefault((told[0].session, told[0].user), []).append(told)
    for (session, user), several in held.items():
        longest = max((moment for moment, _ in several), key=lambda moment: len(moment.events))
        offers = [
            Offer(
                len(moment.events) - 1,
                None if accepted is None else "accepted" if accepted else "rejected",
                None,
                moment.proposal,
            )
            for moment, accepted in several
            if moment.proposal is not None
        ]
        yield Recording(
            id=user or session,
            scene="",
            group=session,
            setting=NOT_SAID,
            source="moments",
            ticks=_ticks(longest.events),
            offers=tuple(offers),
            chances=len(several),
        )


def _unwatched(
    id: str, setting: str, source: Literal["traces", "activity"], events: Sequence[Event]
) -> Recording:
    return Recording(id, "", id, setting, source, _ticks(events))


def _ticks(events: Sequence[Event]) -> tuple[Tick, ...]:
    return tuple(Tick(event.at, "event", event.text) for event in events)
