"""What a moment tells about whether its proposal, or its silence, is welcome: numbers for the heads.

Each row is computed from its own moment alone: from the events seen so far, their times, the proposal, and what is known
of the user. Nothing is looked up across moments, sessions or labels, and the order of the rows does not matter.
Every value is bounded, so that no giant text and no broken clock can carry a judgement by itself.

A proposal that nearly copies an event counts as one about nothing: saying what the user did is no help with it.
What was tried, and what it brought, stands in `docs/measured/reward-variants.md`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tactful.reward.features.columns import PROPOSAL_WORDS, SCENE_WORDS
from tactful.reward.lexicon import (
    EVENT_KINDS,
    MAX_CHARS,
    PROPOSAL_KINDS,
    event_kinds,
    proposal_kinds,
    topic_words,
    word_runs,
)
from tactful.reward.likeness import Floats, Likeness
from tactful.types import Event, Moment, ProposalHistory

MAX_EVENTS = 40
"""Latest events that are read."""

SILENCE_NAMES = tuple(SCENE_WORDS)
PROPOSAL_NAMES = (*SCENE_WORDS, *PROPOSAL_WORDS)

# From the first value on a proposal starts to be a copy of an event, from the second on it is nothing else:
_ALIKE = (0.75, 0.95)  # by likeness
_REPEATED = (0.5, 0.9)  # by the share of runs of three words that a sentence and an event have in common
SENTENCE_END = re.compile(r"(?<=[.!?])\s+|[。！？\n]+")
_RUNS = 4  # runs that a text must have to count as a copy
_KINDS_AT_ONCE = 2  # who offers more kinds of help than this offers each less


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One row of numbers for each moment, or suggestion."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """(rows, names), finite."""

    def beside(self, other: FeatureTable) -> FeatureTable:
        """Both tables' columns, row by row."""
        return FeatureTable((*self.names, *other.names), np.hstack([self.values, other.values]))


def proposal_features(moments: Sequence[Moment], likeness: Likeness) -> FeatureTable:
    """The rows of moments with a proposal. Raises: ValueError for a silence."""
    for moment in moments:
        if moment.proposal is None:
            raise ValueError(f"moment '{moment.id}' proposes nothing; its features are those of silence")
    likeness.learn([text for moment in moments for text in (moment.proposal or "", *_texts(moment))])
    return table_of(PROPOSAL_NAMES, [_proposal_row(moment, likeness) for moment in moments])


def silence_features(moments: Sequence[Moment], likeness: Likeness) -> FeatureTable:
    """The rows of the observations of these moments, whatever is proposed at them: what help is needed is told from."""
    likeness.learn([text for moment in moments for text in _texts(moment)])
    return table_of(SILENCE_NAMES, [_scene(moment, _texts(moment), likeness) for moment in moments])


def in_words(feature_name: str, raises: bool) -> str:
    """A clause that says what moved the judgement, and whether towards acceptance (`raises`) or away from it.

    Raises: KeyError for a name that no table of this module has.
    """
    words = SCENE_WORDS.get(feature_name) or PROPOSAL_WORDS[feature_name]
    return f"{words} {'speaks for it' if raises else 'speaks against it'}"


# ---------------------------------------------------------------- the scene: what was seen, whatever is proposed


def _scene(moment: Moment, texts: list[str], likeness: Likeness) -> dict[str, float]:
    last, earlier = texts[-1], texts[:-1]
    words = topic_words(last)
    fresh = words.difference(*map(topic_words, earlier))
    row = {
        "last_tells": _bounded(len(words), 10),
        "last_new": _bounded(len(fresh), 6),
        "last_repeats": float(likeness.cosines(last, earlier).max(initial=0.0)),
        "search_near": _nearness(["searches" in event_kinds(text) for text in texts[-5:]]),
    }
    row |= {f"last_{kind}": float(kind in event_kinds(last)) for kind in EVENT_KINDS}
    row |= _pace(moment.events[-MAX_EVENTS:])
    row |= _known(moment.history)
    return row


def _pace(events: Sequence[Event]) -> dict[str, float]:
    """How the last pause compares with the user's own pace so far: clocks of seconds and of minutes mean the same."""
    gaps = [
        max(0.0, (after.at - before.at).total_seconds()) if before.at and after.at else None
        for before, after in itertools.pairwise(events)
    ]
    usual = [gap for gap in gaps[:-1] if gap is not None]
    if not usual or gaps[-1] is None:
        return {"pause": 0.0, "pause_long": 0.0}
    ratio = math.log((gaps[-1] + 1.0) / (median(usual) + 1.0))
    return {"pause": max(-1.0, min(1.0, ratio / 3.0)), "pause_long": float(ratio > 1.0)}


def _known(history: ProposalHistory | None) -> dict[str, float]:
    """What the user did with earlier proposals; all 0 when nothing is known."""
    if history is None or not history.shown:
        return {"acceptance_so_far": 0.0, "proposed_lately": 0.0}
    since = history.since_last_s
    return {
        "acceptance_so_far": (history.accepted + 1.0) / (history.shown + 2.0) - 0.5,
        "proposed_lately": 0.0 if since is None else math.exp(-since / 300.0),
    }


# ---------------------------------------------------------------- the proposal


def _proposal_row(moment: Moment, likeness: Likeness) -> dict[str, float]:
    texts = _texts(moment)
    proposal = (moment.proposal or "")[:MAX_CHARS]
    alike = np.maximum(likeness.cosines(proposal, texts), 0.0)
    copy = _copies(proposal, texts, alike)
    row = _scene(moment, texts, likeness)
    words, last = topic_words(proposal), topic_words(texts[-1])
    aims = _aim(alike) | {"last_covered": len(words & last) / len(last) if last else 0.0}
    aims["aims_fresh"] = aims["aims_last"] * (1.0 - row["last_repeats"])
    row |= {name: value * (1.0 - copy) for name, value in aims.items()}
    row["copies_event"] = copy
    kinds = proposal_kinds(proposal)
    share = min(1.0, _KINDS_AT_ONCE / len(kinds)) if kinds else 0.0
    return row | {f"help_{kind}": share * (kind in kinds) for kind in PROPOSAL_KINDS}


def _aim(alike: Floats) -> dict[str, float]:
    """What the proposal is about: what has just happened, something older, or nothing that was seen.

    All but two are relative to the closest event, so that words which were never seen hardly change them.
    """
    best, last, roots = float(alike.max()), float(alike[-1]), np.sqrt(alike)
    scale = best + 0.05
    first = int(np.argmax(alike >= 0.5 * best))
    return {
        "aims_last": last,
        "aims_session": float(alike.mean()),
        "aims_last_of_best": last / scale,
        "aims_last_over_all": (last - float(alike.mean())) / scale,
        "aims_last_over_roots": float(roots[-1] - roots.mean()) / math.sqrt(scale),
        "aims_last_over_earlier": (last - float(alike[:-1].max(initial=0.0))) / scale,
        "aims_new": 1.0 - min(1.0, (len(alike) - 1 - first) / 10.0) if best > 0.05 else 0.0,
    }


def _copies(proposal: str, texts: list[str], alike: Floats) -> float:
    """How far the proposal, or one sentence of it, only repeats an event, in [0, 1]; other sentences do not hide it."""
    seen = [word_runs(text) for text in texts]
    said = [word_runs(sentence) for sentence in SENTENCE_END.split(proposal)]
    repeated = max(_contained(runs, event) for runs in said for event in seen)
    ramps = ((float(alike.max()), *_ALIKE), (repeated, *_REPEATED))
    return max(min(1.0, max(0.0, (value - low) / (high - low))) for value, low, high in ramps)


def _contained(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Share of the shorter text that stands in the other, so that words around a copy do not hide it."""
    return len(one & other) / max(min(len(one), len(other)), _RUNS)


# ---------------------------------------------------------------- small parts


def _texts(moment: Moment) -> list[str]:
    return [event.text[:MAX_CHARS] for event in moment.events[-MAX_EVENTS:]]


def _nearness(seen: list[bool]) -> float:
    """How recent the last one of a kind is: 1 = the last event, 0 = five events ago, or never."""
    ages = (age for age, found in enumerate(reversed(seen)) if found)
    return max(0.0, 1.0 - next(ages, 5) / 5.0)


def _bounded(count: int, most: int) -> float:
    return min(count, most) / most


def table_of(names: tuple[str, ...], rows: Sequence[dict[str, float]]) -> FeatureTable:
    """The table of `rows`, name → value."""
    values = np.array([[row[name] for name in names] for row in rows], dtype=np.float64)
    return FeatureTable(names=names, values=values.reshape(len(rows), len(names)))
