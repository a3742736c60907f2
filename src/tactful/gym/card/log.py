"""Recorded work that a simulator is held against: sessions of events, and reactions to offers where they are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tactful.gym.types import GymEpisode, Timing, Verdict
from tactful.stats.burstiness import gaps_s
from tactful.types import Event, LabelledMoment, Moment

_IN_WORDS = "Day "
"""How ProactiveBench's generator writes times; its recordings have seconds since 1970."""
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


@dataclass(frozen=True)
class Recorded:
    """Sessions and reactions, simulated or real."""

    sessions: tuple[Session, ...]
    reactions: tuple[Reaction, ...] = ()
    notes: tuple[str, ...] = field(default=())


def of_episodes(episodes: Iterable[GymEpisode]) -> Recorded:
    """What episodes show, the assistant's own work left out."""
    sessions, reactions = [], []
    for episode in episodes:
        events = tuple(event for step in episode.steps for event in step.events)
        if events:
            sessions.append(Session(episode.id, episode.group, events))
        reactions += reactions_of(episode)
    return Recorded(tuple(sessions), tuple(reactions))


def of_sessions(sessions: Iterable[tuple[str, Sequence[Event]]]) -> Recorded:
    """Recordings by name, each a group of its own."""
    return Recorded(tuple(Session(name, name, tuple(events)) for name, events in sessions if events))


def reactions_of(episode: GymEpisode) -> list[Reaction]:
    """The reactions to the offers that were shown, in order."""
    found: list[Reaction] = []
    refused = 0
    for step in episode.steps:
        if not step.shown:
            continue
        out = step.outcome
        accepted = out.verdict == "accepted"
        one = Reaction(
            episode.group,
            episode.id,
            out.verdict,
            accepted,
            out.help_wanted,
            out.timing,
            refused_before=refused,
        )
        found.append(one)
        refused += not accepted
    return found


def of_moments(moments: Iterable[Moment | LabelledMoment]) -> Recorded:
    """Sessions by their longest observation; a reaction for each labelled proposal.

    Sessions whose times stand in words ("Day 1, 11:00 PM") come from ProactiveBench's generator, not from a recording:
    they count for reactions, which are people's, and not for events.
    """
    longest: dict[str, tuple[Event, ...]] = {}
    reactions = []
    for item in moments:
        moment = item.moment if isinstance(item, LabelledMoment) else item
        if len(moment.events) > len(longest.get(moment.session, ())):
            longest[moment.session] = moment.events
        if isinstance(item, LabelledMoment) and moment.proposal is not None:
            history = moment.history
            before = 0 if history is None else history.shown - history.accepted
            reactions.append(
                Reaction(
                    moment.session,
                    moment.user or moment.session,
                    None,
                    item.label.accepted,
                    item.label.help_needed,
                    None,
                    before,
                )
            )
    kept = {name: events for name, events in longest.items() if not events[0].time.startswith(_IN_WORDS)}
    notes = []
    if len(kept) < len(longest):
        left = len(longest) - len(kept)
        notes.append(
            f"{left} sessions with times in words were written by a generator; their events are left out"
        )
    return Recorded(
        tuple(Session(name, name, events) for name, events in kept.items()), tuple(reactions), tuple(notes)
    )


def joined(parts: Sequence[Recorded]) -> Recorded:
    """All of them; a recording that two of them hold counts once."""
    seen: dict[tuple[str, ...], Session] = {}
    for session in (one for part in parts for one in part.sessions):
        opening = tuple(event.text for event in session.events[:_OPENING])
        kept = seen.get(opening)
        if kept is None or len(session.events) > len(kept.events):
            seen[opening] = session
    return Recorded(
        tuple(seen.values()),
        tuple(one for part in parts for one in part.reactions),
        tuple(note for part in parts for note in part.notes),
    )
