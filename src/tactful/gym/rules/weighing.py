"""How likely this person accepts this offer now, and what speaks against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tactful.gym.play.parts import Unfolded, World
from tactful.gym.rules.parameters import Parameters
from tactful.gym.rules.words import content_words, has_grammar, overlap, words_of
from tactful.gym.rules.work import Work
from tactful.gym.types import Timing
from tactful.text.similarity import similarity

Objection = Literal["nonsense", "redundant", "off_topic", "fed_up"]
_RECENT = 6
"""Events that an offer is held against."""
_EARLIER = 12
"""Offers that are remembered."""
_SAME = 0.85
"""Similarity from which on two sentences say the same."""
_OFF_TOPIC = 0.34
"""Fit below which a refusal names the topic."""


@dataclass(frozen=True)
class Weighed:
    """What an offer comes to."""

    acceptance: float
    """Probability in [0, 1]."""
    fit: float
    """With the last events: 0 not at all, 1 fully."""
    objection: Objection | None = None


def weighed(
    world: World,
    unfolded: Unfolded,
    offer: str,
    *,
    work: Work,
    timing: Timing,
    wanted: bool,
    parameters: Parameters,
) -> Weighed:
    """Hold an offer against the work.

    Never accepted: nonsense, what has no word of the scene or of what has happened, and what was said or done already.
    """
    given = parameters.acceptance
    words = content_words(offer)
    recent = [event.text for event in (*world.events, *unfolded.events)][-_RECENT:]
    fit = min(1.0, overlap(words, words_of([*recent, *work.in_mind])) / given.enough_overlap)
    if work.patience <= 0:
        return Weighed(0.0, fit, "fed_up")
    if not _is_language(offer, words):
        return Weighed(0.0, 0.0, "nonsense")
    if not words & _known(world, unfolded):
        return Weighed(0.0, 0.0, "off_topic" if has_grammar(offer) else "nonsense")
    if _is_redundant(offer, recent, world):
        return Weighed(0.0, fit, "redundant")
    logit = _logit(given.at(timing))
    logit += given.need * (wanted - parameters.need.at(timing))
    logit -= given.irrelevance * (1 - fit)
    logit += given.openness * (world.traits.openness - 0.5)
    logit -= given.refused * work.refused
    now = unfolded.events[-1].at if unfolded.events else None
    if world.shown_at is not None and now is not None:
        passed = max(0.0, (now - world.shown_at).total_seconds())
        logit -= given.crowding * 0.5 ** (passed / given.crowding_s)
    return Weighed(1 / (1 + math.exp(-logit)), fit, "off_topic" if fit < _OFF_TOPIC else None)


def _logit(share: float) -> float:
    held = min(1 - 1e-6, max(1e-6, share))
    return math.log(held / (1 - held))


def _is_language(offer: str, words: frozenset[str]) -> bool:
    """Whether it holds words, and not one over and over."""
    plain = offer.lower().split()
    return bool(words) and 2 * len(set(plain)) >= len(plain)


def _known(world: World, unfolded: Unfolded) -> frozenset[str]:
    """Words of the scene and of everything that has happened."""
    scene = world.scene
    known = [scene.theme, scene.description, scene.user.description, scene.user.goal]
    known += [*scene.operations, *scene.example_events, *(entity.name for entity in scene.entities)]
    return words_of([*known, *(event.text for event in (*world.events, *unfolded.events))])


def _is_redundant(offer: str, recent: list[str], world: World) -> bool:
    """Only repeats what has just happened, or an offer of before."""
    earlier = [step.proposal for step in world.steps if step.shown and step.proposal is not None]
    return any(similarity(offer, text) >= _SAME for text in (*earlier[-_EARLIER:], *recent))
