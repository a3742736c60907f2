"""What the offline model says in this room: cues and set phrases, never a language model.

The judge looks for trouble in the last events and for words that the offer shares with them. The writer of thoughts is told
the category and now and then writes one that says nothing, or one that gives itself away, so that tries and skips are
rehearsed too. The checker looks for the writer's own phrases.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.text import similarity
from tactful.types import Message

_TROUBLE = re.compile(
    r"\b(error|fail\w*|bug|stuck|exception|traceback|how to|search\w*|again|debug\w*|fix\w*)\b", re.IGNORECASE
)
_SEEN = 3
"""Events at the end that the judge looks at."""
_ALIKE = 0.12
"""An offer at least this like one of the last events, by character n-grams, is taken to be about them."""

VAGUE, LEAKY = 0.05, 0.02
"""Shares of thoughts that say nothing, and that give themselves away."""
MISREAD = 0.004
"""Share of checks that find a clear thought unclear."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "hit": (
        "This offer comes at the right moment and would save me the work.",
        "I could use exactly what is offered to me now, so the interruption is worth it.",
    ),
    "false-alarm": (
        "What is offered to me now does not fit what I am doing, it only gets in my way.",
        "I am getting on well alone, and this offer comes at a bad moment.",
    ),
    "correct-silence": (
        "I know what comes next and need nothing, so it is good that I am left alone.",
        "Nothing holds me up; I am glad that nobody interrupts me.",
    ),
    "missed-need": (
        "I am stuck and could use a hand, and nobody offers me any.",
        "I would need help at this point, but I am left alone with it.",
    ),
}
"""Category → how a thought of the rehearsal ends."""
_MEANS = {
    "hit": "accepted",
    "correct-silence": "accepted",
    "false-alarm": "rejected",
    "missed-need": "rejected",
}


def judge_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """A verdict by cues: trouble in the last events calls for help, and an offer must be about them."""
    latest = facts["events"][-_SEEN:]
    troubled = any(_TROUBLE.search(text) for text in latest)
    if facts["proposal"] is None:
        accepted = not troubled
    else:
        alike = max(similarity(facts["proposal"], text) for text in latest)
        accepted = alike + (_ALIKE / 2 if troubled else 0) + rng.uniform(-0.03, 0.03) >= _ALIKE
    return {
        "thought": "rehearsal by cues, no language model",
        "judgement": "accepted" if accepted else "rejected",
    }


def reason_script(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """The last event, and a phrase that fits the category; at times a vague or a leaky one."""
    draw = rng.random()
    if draw < VAGUE:
        end = "We shall see what comes of it."
    elif draw < VAGUE + LEAKY:
        end = "The label says what I make of it."
    else:
        end = rng.choice(PHRASES[facts["category"]])
    doing = facts["last"].strip().rstrip(".").replace('"', "'")
    return {"thought": f"This has just happened on my screen: {doing}. {end}"}


def check_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """The verdict whose phrase the thought ends with; unclear without one, and now and then with one."""
    found = next(
        (_MEANS[category] for category, phrases in PHRASES.items() if facts["thought"].endswith(phrases)),
        "unclear",
    )
    return {"judgement": "unclear" if rng.random() < MISREAD else found}


SCRIPTS = {"moment_judge": judge_script, "moment_reason": reason_script, "reason_check": check_script}
