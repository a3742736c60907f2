"""What the offline model says when it plays the assistant along a trace: cues, never a language model.

It offers help after a search, an error or a repeated action, about half of the time; its figures say nothing about a
real assistant.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.types import Message

_CUES = re.compile(
    r"\b(search\w*|error\w*|fail\w*|exception|how to|stuck|again)\b|搜索|错误|失败", re.IGNORECASE
)


def assistant_script(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """Help with the last event where a cue is in it, mostly; else silence."""
    last = str(facts["last_event"])
    speaks = _CUES.search(last) is not None and rng.random() < 0.8
    words = " ".join(re.sub(r"[^\w\s]", " ", last).split()[:12])
    return {
        "thought": "rehearsal by cues, no language model",
        "proposal": f"I can look this up and sum up what helps: {words}" if speaks else None,
    }


SCRIPTS = {"proactive_assistant": assistant_script}
