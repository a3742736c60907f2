"""What the offline model says in this room: a judge that looks for a few cues, never a language model.

It is there so that commands, tests and first tries run without a key. It labels what the plainest wording gives
away, says so in its rationale, and is unsure of the rest; its figures say nothing about a real judge.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.feedback.labels import Label
from tactful.text import similarity
from tactful.types import Message

UNRELATED = 0.02
"""A longer message with less similarity than this to query and answer counts as a topic shift."""
LONG_ENOUGH = 40

CUES: tuple[tuple[Label, re.Pattern[str]], ...] = tuple(
    (label, re.compile(pattern, re.IGNORECASE))
    for label, pattern in (
        (
            Label.NEG_CONSTRAINT_RESTATE,
            r"\bas i (said|mentioned|asked)\b|\bi (already )?(said|told you|asked for)\b|按我说的|我说过|之前说了|不是说了",
        ),
        (
            Label.NEG_CORRECTION,
            r"\b(wrong|incorrect|mistake|doesn'?t work|not what i (asked|wanted|meant))\b|^no\b(?! problem)|不对|错了|不是我(要|问)的",
        ),
        (
            Label.NEG_CONFUSION,
            r"\b(confus\w+|don'?t (understand|get it)|what do you mean|explain (that|it) again)\b|没看懂|不明白|什么意思|没懂",
        ),
        (
            Label.TOPIC_SHIFT,
            r"\b(by the way|different (question|topic)|unrelated|something else)\b|换个话题|另外一个问题|顺便问",
        ),
        (
            Label.POS_PRAISE,
            r"\b(thank(s| you)|perfect|great|excellent|awesome|love it|works now)\b|谢谢|太好了|很好|完美|不错",
        ),
    )
)
_GOES_ON = re.compile(
    r"\?|？|\b(now|next|also|and|can you|could you|what if|how|another)\b|接下来|现在|再|还|如果|怎么",
    re.IGNORECASE,
)


def judge_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """A verdict by cues. Praise with a further request is progress."""
    text = facts["next_message"].strip()
    label, confidence = _label(text, f"{facts['query']}\n{facts['answer']}")
    confidence = round(min(0.99, max(0.05, confidence + rng.uniform(-0.08, 0.08))), 2)
    return {
        "rationale": f"rehearsal by cues, no language model: {label.value}",
        "label": label.value,
        "confidence": confidence,
    }


def _label(text: str, exchange: str) -> tuple[Label, float]:
    found = next((label for label, pattern in CUES if pattern.search(text)), None)
    goes_on = _GOES_ON.search(text) is not None
    if found is Label.POS_PRAISE and goes_on:
        return Label.POS_PROGRESS, 0.7
    if found is not None:
        return found, 0.85
    if goes_on:
        if len(text) >= LONG_ENOUGH and similarity(text, exchange) < UNRELATED:
            return Label.TOPIC_SHIFT, 0.55
        return Label.POS_PROGRESS, 0.65
    return Label.NEUTRAL, 0.5


SCRIPTS = {"feedback_judge": judge_script}
