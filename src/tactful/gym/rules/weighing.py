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

Objection = Literal["nonsense", "redundant", "off_topic", "fed_up"]
_RECENT = 6
"""Events that an offer is held against."""
_EARLIER = 12
"""Offers that are remembered."""
_SAME = 0.8
"""Share of the words of two sentences that they have in common, from which on they say the same."""
_MANY = 6
"""Words from which on a sentence has grammar."""
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
    texts = [event.text for event in (*world.events, *unfolded.events)]
    recent = texts[-_RECENT:]
    fit = min(1.0, overlap(words, words_of([*recent, *work.in_mind])) / given.enough_overlap)
    if work.patience <= 0:
        return Weighed(0.0, fit, "fed_up")
    if not _is_language(offer, words):
        return Weighed(0.0, 0.0, "nonsense")
    if not words & work.matter.words and not words & words_of(texts):
        return Weighed(0.0, 0.0, "off_topic" if has_grammar(offer) else "nonsense")
    if _is_redundant(words, recent, world):
        return Weighed(0.0, fit, "redundant")
    logit = _logit(given.at(timing))
    logit += given.need * (wanted - parameters.need.at(timing))
    logit -= given.irrelevance * (1 - fit)
    logit += given.openness * (world.traits.openness - 0.5)
    logit -= given.wear * work.worn
    logit -= given.refused * min(work.refused, given.refused_most)
    now = unfolded.events[-1].at if unfolded.events else None
    if world.shown_at is not None and now is not None:
        passed = max(0.0, (now - world.shown_at).total_seconds())
        logit -= given.crowding * 0.5 ** (passed / given.crowding_s)
    return Weighed(1 / (1 + math.exp(-logit)), fit, "off_topic" if fit < _OFF_TOPIC else None)


def _logit(share: float) -> float:
    held = min(1 - 1e-6, max(1e-6, share))
    return math.log(held / (1 - held))


def _is_language(offer: str, words: frozenset[str]) -> bool:
    """Whether it holds words, not one over and over, and not many without any grammar."""
    plain = offer.lower().split()
    told = len(plain) < _MANY or has_grammar(offer)
    return bool(words) and told and 2 * len(set(plain)) >= len(plain)


def _is_redundant(words: frozenset[str], recent: list[str], world: World) -> bool:
    """Only repeats what has just happened, or an offer of before."""
    earlier = [step.proposal for step in world.steps if step.shown and step.proposal is not None]
    told = (content_words(text) for text in (*earlier[-_EARLIER:], *recent))
    return any(len(words & other) >= _SAME * len(words | other) for other in told)
