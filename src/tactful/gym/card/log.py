"""Recorded work that a simulator is held against: sessions of events, and reactions to offers where they are known."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tactful.gym.types import GymEpisode, Timing, Verdict
from tactful.stats.burstiness import gaps_s
from tactful.types import Event, LabelledMoment, Moment

T = TypeVar("T")
_IN_WORDS = "Day "
"""How ProactiveBench's generator writes times; its recordings have seconds since 1970."""
_RECENT = 6
_OPENING = 3  # equal first events: the same recording, given twice


@dataclass(frozen=True)
class Session:
    """A stretch of work."""

    id: str
    group: str
    """What intervals go by: the scene, or the recording itself."""
    events: tuple[Event, ...]

    @property
    def gaps(self) -> list[float]:
        """Seconds between neighbours. Where the clock jumped back, or no time is known, there is none."""
        return gaps_s(event.at for event in self.events)


@dataclass(frozen=True)
class Reaction:
    """What became of one offer that was shown."""

    group: str
    user: str
    verdict: Verdict | None
    """None where only `accepted` is known."""
    accepted: bool
    help_wanted: bool | None
    timing: Timing | None
    refused_before: int
    """Offers shown to this user before that were not accepted."""
    recent: tuple[Event, ...] = ()
    """The last events before it."""
    proposal: str = ""


@dataclass(frozen=True)
class Point:
    """Where it is known whether help was wanted, whatever was offered."""

    group: str
    recent: tuple[Event, ...]
    wanted: bool
    timing: Timing | None


@dataclass(frozen=True)
class Recorded:
    """Sessions and reactions, simulated or real."""

    sessions: tuple[Session, ...]
    reactions: tuple[Reaction, ...] = ()
    points: tuple[Point, ...] = ()
    notes: tuple[str, ...] = ()


def users_of(episodes: Sequence[GymEpisode]) -> list[str]:
    """Who played each episode: its id, numbered where episodes of several assistants or runs bear one."""
    times = Counter[str]()
    users = []
    for episode in episodes:
        users.append(f"{episode.id}#{times[episode.id]}" if times[episode.id] else episode.id)
        times[episode.id] += 1
    return users


def by_person(reactions: Iterable[Reaction]) -> dict[tuple[str, str], list[Reaction]]:
    """(group, user) → what became of the offers to this user, in order."""
    found = defaultdict[tuple[str, str], list[Reaction]](list)
    for one in reactions:
        found[one.group, one.user].append(one)
    return found


def of_episodes(episodes: Iterable[GymEpisode]) -> Recorded:
    """What episodes show, the assistant's own work left out."""
    sessions, reactions, points = list[Session](), list[Reaction](), list[Point]()
    played = list(episodes)
    for episode, user in zip(played, users_of(played), strict=True):
        events = tuple(event for step in episode.steps for event in step.events)
        if events:
            sessions.append(Session(user, episode.group, events))
        found, known = _course(episode, user)
        reactions += found
        points += known
    return Recorded(tuple(sessions), tuple(reactions), tuple(points))


def of_sessions(sessions: Iterable[tuple[str, Sequence[Event]]]) -> Recorded:
    """Recordings by name, each a group of its own."""
    return Recorded(tuple(Session(name, name, tuple(events)) for name, events in sessions if events))


def _course(episode: GymEpisode, user: str) -> tuple[list[Reaction], list[Point]]:
    """What became of the offers that were shown, in order, and where it is known whether help was wanted."""
    reactions, points = list[Reaction](), list[Point]()
    seen: tuple[Event, ...] = ()
    refused = 0
    for step in episode.steps:
        out = step.outcome
        seen = (*seen, *step.events)[-_RECENT:]
        if out.help_wanted is not None:
            points.append(Point(episode.group, seen, out.help_wanted, out.timing))
        if step.shown:
            accepted = out.verdict == "accepted"
            reactions.append(
                Reaction(
                    group=episode.group,
                    user=user,
                    verdict=out.verdict,
                    accepted=accepted,
                    help_wanted=out.help_wanted,
                    timing=out.timing,
                    refused_before=refused,
                    recent=seen,
                    proposal=step.proposal or "",
                )
            )
            refused += not accepted
        seen = (*seen, *step.carried_out)[-_RECENT:]
    return reactions, points


def of_moments(moments: Iterable[Moment | LabelledMoment]) -> Recorded:
    """Sessions, each user's of their own, by their longest observation; a reaction for each labelled proposal.

    Sessions whose times stand in words ("Day 1, 11:00 PM") come from ProactiveBench's generator, not from a recording:
    they count for reactions, which are people's, and not for events.
    """
    longest: dict[tuple[str, str], tuple[Event, ...]] = {}
    reactions, points = list[Reaction](), dict[tuple[str, str, int, str], Point]()
    for item in moments:
        moment = item.moment if isinstance(item, LabelledMoment) else item
        whose = (moment.session, moment.user)
        if len(moment.events) > len(longest.get(whose, ())):
            longest[whose] = moment.events
        if not isinstance(item, LabelledMoment):
            continue
        recent, wanted = moment.events[-_RECENT:], item.label.help_needed
        if wanted is not None:
            place = (*whose, len(moment.events), moment.events[-1].text)
            points.setdefault(place, Point(moment.session, recent, wanted, None))
        if moment.proposal is not None:
            reactions.append(_reaction(item, recent))
    kept = {whose: events for whose, events in longest.items() if not events[0].time.startswith(_IN_WORDS)}
    left = len(longest) - len(kept)
    note = f"{left} sessions with times in words were written by a generator; their events are left out"
    sessions = tuple(Session(user or session, session, events) for (session, user), events in kept.items())
    return Recorded(sessions, tuple(reactions), tuple(points.values()), (note,) if left else ())


def _reaction(item: LabelledMoment, recent: tuple[Event, ...]) -> Reaction:
    moment, label = item.moment, item.label
    history = moment.history
    return Reaction(
        group=moment.session,
        user=moment.user or moment.session,
        verdict="accepted" if label.accepted else None,
        accepted=label.accepted,
        help_wanted=label.help_needed,
        timing=None,
        refused_before=0 if history is None else history.shown - history.accepted,
        recent=recent,
        proposal=moment.proposal or "",
    )


def joined(parts: Sequence[Recorded]) -> Recorded:
    """All of them; what two of them hold counts once.

    A recording is held twice where both begin with the same events at the same times; without times, where one goes on
    from the whole of the other. A reaction, and a point, where everything that is known of it is the same.
    """
    alike: dict[tuple[tuple[datetime | None, str], ...], list[Session]] = {}
    for session in (one for part in parts for one in part.sessions):
        opening = tuple((event.at, event.text) for event in session.events[:_OPENING])
        kept = alike.setdefault(opening, [])
        same = next((at for at, one in enumerate(kept) if _same_recording(one, session)), None)
        if same is None:
            kept.append(session)
        elif len(session.events) > len(kept[same].events):
            kept[same] = session
    return Recorded(
        tuple(one for kept in alike.values() for one in kept),
        _once([part.reactions for part in parts]),
        _once([part.points for part in parts]),
        tuple(note for part in parts for note in part.notes),
    )


def _same_recording(one: Session, other: Session) -> bool:
    """Whether two sessions that begin alike are one recording."""
    if any(event.at is not None for event in one.events[:_OPENING]):
        return True
    return all(here.text == there.text for here, there in zip(one.events, other.events, strict=False))


def _once(parts: Sequence[Sequence[T]]) -> tuple[T, ...]:
    """All items, each as often as the part has it that has it most often."""
    found, held = list[T](), Counter[T]()
    for part in parts:
        here = Counter[T]()
        for item in part:
            here[item] += 1
            if here[item] > held[item]:
                found.append(item)
        held |= here
    return tuple(found)
