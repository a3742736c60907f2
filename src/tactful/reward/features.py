"""What a moment tells about whether its proposal, or its silence, is welcome: numbers for the heads.

Each row is computed from its own moment alone: from the events seen so far, their times, the proposal, and what is known
of the user. Nothing is looked up across moments, sessions or labels, and the order of the rows does not matter.
Every value is bounded, so that no giant text and no broken clock can carry a judgement by itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tactful.reward.features_lexicon import (
    EVENT_KINDS,
    MAX_CHARS,
    NAMED,
    PROPOSAL_KINDS,
    QUOTED,
    event_kinds,
    proposal_kinds,
)
from tactful.reward.likeness import Likeness
from tactful.types import Event, Moment, ProposalHistory

MAX_EVENTS = 40
"""Latest events that are read."""

_WORD = re.compile(r"[^\W_]{3,}|[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """One row of numbers for each moment."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """(moments, names), finite."""


def proposal_features(moments: Sequence[Moment], likeness: Likeness) -> FeatureTable:
    """The rows of moments with a proposal. Raises: ValueError for a silence."""
    for moment in moments:
        if moment.proposal is None:
            raise ValueError(f"moment '{moment.id}' proposes nothing; its features are those of silence")
    likeness.learn([text for moment in moments for text in (moment.proposal or "", *_texts(moment))])
    return _table(PROPOSAL_NAMES, [_proposal_row(moment, likeness) for moment in moments])


def silence_features(moments: Sequence[Moment], likeness: Likeness) -> FeatureTable:
    """The rows of the observations of these moments, whatever is proposed at them: what help is needed is told from."""
    likeness.learn([text for moment in moments for text in _texts(moment)])
    return _table(SILENCE_NAMES, [_scene(moment, likeness) for moment in moments])


def in_words(feature_name: str, raises: bool) -> str:
    """A clause that says which feature moved the judgement, and whether towards acceptance (`raises`) or away from it.

    Raises: KeyError for a name that no table of this module has.
    """
    return f"{WORDS[feature_name]} {'speaks for it' if raises else 'speaks against it'}"


# ---------------------------------------------------------------- the scene: what was seen, whatever is proposed


def _scene(moment: Moment, likeness: Likeness) -> dict[str, float]:
    texts = _texts(moment)
    last, earlier = texts[-1], texts[:-1]
    before = likeness.cosines(last, earlier)
    row = {
        "early": 1.0 / len(moment.events),
        "progress": min(1.0, math.log1p(len(moment.events)) / math.log(41)),
        "last_like_before": float(before[-1]) if earlier else 0.0,
        "last_like_any_before": float(before.max(initial=0.0)),
        "last_like_session": float(before.mean()) if earlier else 0.0,
        "last_named": _bounded(len(set(NAMED.findall(last))), 6),
        "last_quoted": float(bool(QUOTED.search(last))),
        "last_words": _bounded(len(_content(last)), 30),
        "last_new_words": _share(
            _content(last), lambda word: all(word not in _content(text) for text in earlier)
        ),
    }
    row |= _pace(moment.events[-MAX_EVENTS:])
    kinds = [event_kinds(text) for text in texts]
    for kind in EVENT_KINDS:
        row[f"last_{kind}"] = float(kind in kinds[-1])
        row[f"lately_{kind}"] = _recent([kind in found for found in kinds[:-1]])
    row |= _known(moment.history)
    return row


def _pace(events: Sequence[Event]) -> dict[str, float]:
    """How fast things happen, against the user's own pace so far: minutes and seconds mean the same."""
    times = [event.at.timestamp() if event.at else None for event in events]
    gaps = [
        max(0.0, b - a) if a is not None and b is not None else None
        for a, b in zip(times, times[1:], strict=False)
    ]
    known = [gap for gap in gaps if gap is not None]
    last = gaps[-1] if gaps else None
    before = [gap for gap in gaps[:-1] if gap is not None]
    usual = median(before) if before else None
    relative = 0.0 if last is None or usual is None else math.log((last + 1.0) / (usual + 1.0))
    return {
        "paced": float(bool(known)),
        "gap": 0.0 if last is None else min(1.0, math.log1p(last) / math.log1p(3600.0)),
        "gap_relative": max(-3.0, min(3.0, relative)),
        "gap_long": float(relative > 1.0),
        "usual_gap": 0.0 if usual is None else min(1.0, math.log1p(usual) / math.log1p(3600.0)),
    }


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
    row = _scene(moment, likeness)
    row |= _aim(proposal, texts, likeness)
    row |= _wording(proposal, texts)
    kinds = proposal_kinds(proposal)
    row |= {f"help_{kind}": float(kind in kinds) for kind in PROPOSAL_KINDS}
    return row


def _aim(proposal: str, texts: list[str], likeness: Likeness) -> dict[str, float]:
    """What the proposal is about: what has just happened, something older, or nothing that was seen."""
    alike = likeness.cosines(proposal, texts)
    ages = np.arange(len(texts))[::-1]
    weights = 0.7**ages
    best = int(alike.argmax())
    return {
        "aims_last": float(alike[-1]),
        "aims_last_over_all": float(alike[-1] - alike.mean()),
        "aims_last_over_best": float(alike[-1] - alike[:-1].max(initial=0.0)),
        "aims_lately": float(alike @ weights / weights.sum()),
        "aims_best": float(alike.max()),
        "aims_session": float(alike.mean()),
        "aims_age": min(1.0, float(ages[best]) / 10.0) if alike[best] > 0 else 1.0,
        "parrots": max(0.0, float(alike.max()) - 0.6),
    }


def _wording(proposal: str, texts: list[str]) -> dict[str, float]:
    words = _content(proposal)
    named = set(NAMED.findall(proposal))
    last, session = texts[-1], "\n".join(texts)
    return {
        "named": _bounded(len(named), 4),
        "named_in_last": _share(named, lambda name: name in last),
        "named_unseen": _share(named, lambda name: name not in session),
        "words_in_last": _share(words, lambda word: word in _content(last)),
        "words_unseen": _share(words, lambda word: all(word not in _content(text) for text in texts)),
        "short": float(len(words) < 5),
        "long": float(len(words) > 12),
    }


# ---------------------------------------------------------------- small parts


def _texts(moment: Moment) -> list[str]:
    return [event.text[:MAX_CHARS] for event in moment.events[-MAX_EVENTS:]]


@lru_cache(maxsize=8192)
def _content(text: str) -> frozenset[str]:
    """The words of three letters or more, and single Chinese characters, in small letters."""
    return frozenset(_WORD.findall(text.lower()))


def _bounded(count: int, most: int) -> float:
    return min(count, most) / most


def _share(items: Collection[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, items)) / len(items) if items else 0.0


def _recent(seen: list[bool]) -> float:
    """Of late, in [0, 1]: 0.5 for the event before, half of that for the one before it, …"""
    return sum(0.5**age for age, found in enumerate(reversed(seen), 1) if found)


def _table(names: tuple[str, ...], rows: Sequence[dict[str, float]]) -> FeatureTable:
    values = np.array([[row[name] for name in names] for row in rows], dtype=np.float64).reshape(
        len(rows), len(names)
    )
    return FeatureTable(names=names, values=values)


_EVENT_WORDS = {
    "search": "a search",
    "question": "a question",
    "trouble": "an error or other trouble",
    "results": "a list of results",
    "reads": "reading a page",
    "writes": "typing or editing",
    "code": "work on code",
    "editor": "being in an editor",
    "runs": "running or testing something",
    "switches": "switching or opening something",
    "pointer": "clicking and scrolling",
    "idle": "nothing in particular",
    "again": "more of the same",
    "files": "a file or project",
    "starts": "starting something new",
    "chats": "talking to another assistant",
    "finishes": "finishing or saving something",
}
_HELP_WORDS = {
    "gives": "giving something ready",
    "condenses": "summarising",
    "compares": "comparing",
    "explains": "explaining",
    "teaches": "teaching",
    "examples": "an example",
    "finds": "finding something",
    "refers": "pointing to material",
    "mends": "mending an error",
    "checks": "checking or improving",
    "makes": "writing or making something",
    "arranges": "arranging or keeping something",
    "operates": "operating an application",
    "carries_on": "telling the user to carry on",
    "assists": "unspecified help",
    "suggests": "suggesting",
    "hedges": "asking politely whether",
    "vague": "saying little that is definite",
}
_SCENE_WORDS = {
    "early": "how early in the session this is",
    "progress": "how far the session has come",
    "last_like_before": "how like the event before the last event is",
    "last_like_any_before": "how far the last event repeats an earlier one",
    "last_like_session": "how much the last event belongs to what the session is about",
    "last_named": "how definite the last event is (names, files, numbers)",
    "last_quoted": "whether the last event quotes something",
    "last_words": "how much the last event tells",
    "last_new_words": "how much in the last event is new",
    "paced": "whether the times of the events are known",
    "gap": "the pause before the last event",
    "gap_relative": "the pause before the last event against the user's usual pace",
    "gap_long": "a pause much longer than usual",
    "usual_gap": "the user's usual pace",
    "acceptance_so_far": "how many earlier proposals the user accepted",
    "proposed_lately": "how short ago the last proposal was",
} | {
    f"{when}_{kind}": words
    for kind, what in _EVENT_WORDS.items()
    for when, words in (
        ("last", f"what has just happened ({what}, or not)"),
        ("lately", f"what happened of late ({what}, or not)"),
    )
}
_PROPOSAL_WORDS = {
    "aims_last": "how far the proposal is about what has just happened",
    "aims_last_over_all": "how far the proposal is about what has just happened rather than the session as a whole",
    "aims_last_over_best": "how far the proposal is about what has just happened rather than something earlier",
    "aims_lately": "how far the proposal is about what happened of late",
    "aims_best": "how close the proposal comes to anything that was seen",
    "aims_session": "how far the proposal is about the session as a whole",
    "aims_age": "how long ago the thing is that the proposal is about",
    "parrots": "how far the proposal only repeats an event",
    "named": "how definite the proposal is (names, files, numbers)",
    "named_in_last": "how many names of the proposal stand in the last event",
    "named_unseen": "how many names of the proposal were never seen",
    "words_in_last": "how many words of the proposal stand in the last event",
    "words_unseen": "how many words of the proposal were never seen",
    "short": "whether the proposal is very short",
    "long": "whether the proposal is long",
} | {f"help_{kind}": f"the kind of help ({what}, or not)" for kind, what in _HELP_WORDS.items()}

SILENCE_NAMES = tuple(_SCENE_WORDS)
PROPOSAL_NAMES = (*_SCENE_WORDS, *_PROPOSAL_WORDS)
WORDS = _SCENE_WORDS | _PROPOSAL_WORDS
