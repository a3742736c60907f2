"""The course of the work, act by act: a small state machine.

open ─▶ work, check … ─▶ done ─▶ open the next … ─▶ finish
          │  └▶ away ─▶ back                          leave: now and then, or for too many offers
          └▶ error ─▶ retry, search … ─▶ fix ─▶ work   (accepted help ends it at once)
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import Any

from tactful.gym.rules.matter import Beat, Matter, matter_of
from tactful.gym.rules.parameters import Parameters
from tactful.gym.rules.phrases import chosen, filled, listed
from tactful.gym.types import Scene, Timing, Traits

_STUCK: frozenset[Beat] = frozenset(["error", "retry", "search"])
_BETWEEN: frozenset[Beat] = frozenset(["open", "done", "finish"])
_SEARCHES = 0.55  # of the acts in trouble; the others try again
_CHECKS = 0.15  # of the acts without
_FROM_SCENE = 0.35  # of the sentences, where the scene has an example left
_MOST_LINES = 240


@dataclass(frozen=True)
class Piece:
    """One of the pieces that a goal is made of."""

    topic: str
    tool: str
    file: str
    acts: int


@dataclass(frozen=True)
class Work:
    """Where the work stands after an act."""

    matter: Matter
    pieces: tuple[Piece, ...]
    patience: float
    """What is left of it; at 0 every offer is refused."""
    full_patience: float
    """What there was at the beginning."""
    stretch: int
    """Acts until something else is turned to."""
    at: int = -1
    """The piece worked on; −1: not begun."""
    left: int = 0
    """Acts until it is done."""
    beat: Beat = "open"
    stuck: int = 0
    """Acts that the trouble takes yet."""
    trouble: str = ""
    since_trouble: int | None = None
    """Acts since trouble ended by itself; None when none did in this piece."""
    late: bool = False
    """Whether help with that trouble would come late now."""
    wanted: bool = False
    """Whether help is wanted now."""
    refused: int = 0
    """Unwelcome offers in a row."""
    detour: int = 0
    """Other things that are turned to first, for an offer has broken the flow."""
    sayings: tuple[str, ...] = ()
    """What the act looks like."""
    told: frozenset[str] = frozenset()
    """Examples of the scene that were used."""

    @property
    def piece(self) -> Piece:
        """The one worked on."""
        return self.pieces[max(0, self.at)]

    @property
    def timing(self) -> Timing:
        """Where an offer would come."""
        if self.beat in _STUCK:
            return "stuck"
        if self.beat in _BETWEEN:
            return "boundary"
        return "late" if self.late else "flow"

    @property
    def worn(self) -> float:
        """How much of the patience is used up, from 0 to 1."""
        return 1 - self.patience / self.full_patience

    @property
    def next_piece(self) -> Piece:
        """What is thought of: the piece worked on, or the one after it where that is done."""
        return self.pieces[self.at + 1] if self.beat == "done" and not self.over else self.piece

    @property
    def in_mind(self) -> tuple[str, ...]:
        """What the person has in mind without its showing yet."""
        return (self.piece.topic, self.next_piece.topic)

    @property
    def over(self) -> bool:
        """Whether the last piece is done."""
        return self.beat == "done" and self.at == len(self.pieces) - 1


def begun(scene: Scene, traits: Traits, parameters: Parameters, rng: random.Random) -> Work:
    """The plan of the work, nothing of it done."""
    matter = matter_of(scene)
    given = parameters.work[scene.setting]
    count = rng.randint(*given.subtasks)
    topics = [*matter.topics]
    while len(topics) < count:
        topics += matter.topics
    pieces = tuple(
        Piece(
            topic=topic,
            tool=rng.choice(matter.tools),
            file=rng.choice(matter.files),
            acts=rng.randint(*given.acts),
        )
        for topic in topics[:count]
    )
    bounds = parameters.patience
    patience = bounds.least + (bounds.most - bounds.least) * traits.patience
    return Work(
        matter=matter,
        pieces=pieces,
        patience=patience,
        full_patience=patience,
        stretch=_stretch(traits, given.stretch, rng),
    )


def _stretch(traits: Traits, bounds: tuple[int, int], rng: random.Random) -> int:
    fewest, most = bounds
    return max(1, round(fewest + (most - fewest) * (3 * traits.focus + rng.random()) / 4))


def after_act(work: Work, traits: Traits, parameters: Parameters, rng: random.Random) -> Work:
    """The work one act later."""
    rested = min(work.full_patience, work.patience + parameters.patience.rest)
    moved = _moved(replace(work, patience=rested), traits, parameters, rng)
    since = moved.since_trouble
    moved = replace(moved, late=since is not None and since <= parameters.course.late_acts)
    if not (moved.timing == "stuck" and work.timing == "stuck"):  # who is stuck wants the same as before
        wanted = rng.random() < parameters.need.at(moved.timing)
        moved = replace(moved, wanted=wanted and moved.beat not in ("away", "finish", "leave"))
    return _spoken(moved, rng)


def _moved(work: Work, traits: Traits, parameters: Parameters, rng: random.Random) -> Work:
    given = parameters.work[work.matter.setting]
    since = None if work.since_trouble is None else work.since_trouble + 1
    work = replace(work, since_trouble=since)
    if work.at >= 0 and rng.random() < parameters.patience.leaves_unasked:
        return replace(work, beat="leave")
    if work.over:
        return replace(work, beat="finish")
    if work.at < 0 or work.beat == "done":
        at = work.at + 1
        return replace(work, at=at, left=work.pieces[at].acts, beat="open", since_trouble=None)
    if work.stuck > 0:
        beat: Beat = "search" if rng.random() < _SEARCHES else "retry"
        return replace(work, beat=beat, stuck=work.stuck - 1)
    if work.beat in _STUCK:
        return replace(work, beat="fix", since_trouble=0)
    if work.detour > 0:
        return replace(work, beat="away", detour=work.detour - 1)
    if work.beat == "away":
        return replace(work, beat="back", stretch=_stretch(traits, given.stretch, rng))
    if work.stretch <= 0:
        return replace(work, beat="away")
    if work.left <= 0:
        return replace(work, beat="done", since_trouble=None)
    if rng.random() < 2 * given.trouble * (1 - traits.skill):
        trouble = chosen(rng, work.matter.lang, work.matter.setting, "trouble", **_names(work, rng))
        trouble = trouble[:1].lower() + trouble[1:]
        return replace(
            work, beat="error", stuck=rng.randint(*given.stuck), trouble=trouble, since_trouble=None
        )
    beat = "check" if rng.random() < _CHECKS else "work"
    return replace(work, beat=beat, left=work.left - 1, stretch=work.stretch - 1)


# ---------------------------------------------------------------- what it looks like


def _names(work: Work, rng: random.Random) -> dict[str, Any]:
    return {
        "topic": work.piece.topic,
        "tool": work.piece.tool,
        "file": work.piece.file,
        "part": rng.choice(work.matter.beside(work.piece.topic)),
        "line": rng.randint(2, _MOST_LINES),
        "trouble": work.trouble,
        "goal": work.matter.goal,
    }


def _spoken(work: Work, rng: random.Random) -> Work:
    """With the sentences of its beat: an example of the scene now and then, else one of ours."""
    room = "common" if work.beat in ("away", "back", "finish", "leave") else work.matter.setting
    fresh = [text for text in work.matter.examples.get(work.beat, ()) if text not in work.told]
    said = chosen(rng, work.matter.lang, room, work.beat, **_names(work, rng))
    if said in work.sayings:  # nobody does the very same thing twice running; once more is enough
        said = chosen(rng, work.matter.lang, room, work.beat, **_names(work, rng))
    sayings = [said]
    if fresh and rng.random() < _FROM_SCENE:
        example = rng.choice(fresh)
        work = replace(work, told=work.told | {example})
        sayings = [example] if work.beat != "error" else [example, *sayings]
    elif work.beat in ("open", "search") and rng.random() < _FROM_SCENE:
        template = rng.choice(listed(work.matter.lang, room, work.beat))
        sayings.append(filled(template, **_names(work, rng)))
    return replace(work, sayings=tuple(dict.fromkeys(sayings)))


# ---------------------------------------------------------------- what offers do to it


def after_help(work: Work, fit: float, parameters: Parameters) -> Work:
    """The work after an accepted offer: trouble ends, the piece is done sooner, by so much as the offer fits (0 to 1)."""
    share = parameters.course.saved * fit
    regained = min(work.full_patience, work.patience + parameters.patience.regained)
    helped = replace(work, refused=0, patience=regained, wanted=False)
    if work.timing == "stuck":
        helped = replace(helped, beat="work", stuck=0)
    if work.beat == "done" and not work.over:
        following = work.pieces[work.at + 1]
        shorter = replace(following, acts=math.ceil(following.acts * (1 - share)))
        return replace(helped, pieces=(*work.pieces[: work.at + 1], shorter, *work.pieces[work.at + 2 :]))
    return replace(helped, left=math.ceil(helped.left * (1 - share)))


def after_refusal(work: Work, *, rejected: bool, parameters: Parameters, rng: random.Random) -> Work:
    """The work after an unwelcome offer: patience falls, and a flow may be broken, while offers are still listened to."""
    bounds = parameters.patience
    mid_flow = work.timing == "flow"
    cost = (bounds.rejected if rejected else bounds.ignored) * (bounds.flow_factor if mid_flow else 1.0)
    broken = mid_flow and work.patience > 0 and rng.random() < parameters.course.detour
    return replace(
        work,
        patience=max(0.0, work.patience - cost),
        refused=work.refused + 1,
        detour=parameters.course.detour_acts if broken else work.detour,
    )
