"""What the offline model says in this room: stock help about the last events, or silence; never a language model.

It knows whether help is wanted (which no endpoint is told) and is right by lot, so that points with no, some and many
rejected candidates are rehearsed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.gym.rules.words import topics
from tactful.text.lang import is_chinese
from tactful.types import Message

RIGHT = 0.5
"""Chance that a first candidate is of the right kind: silence where no help is wanted, else help about the last event."""
_MOST = 40
_SAID: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "about": (
            "Shall I take the work on {topic} over from here?",
            "I could check {topic} and fix what is wrong with it.",
            "Would you like me to look up how others solved {topic}?",
        ),
        "beside": (
            "Shall I tidy up the desktop?",
            "I could look up the weather for tomorrow.",
            "Would you like a summary of your inbox?",
            "Shall I put on some music?",
        ),
        "thought": "By rehearsal: what has just happened decides.",
    },
    "zh": {
        "about": (
            "要我接手{topic}的工作吗？",
            "我可以检查{topic}并修正问题。",
            "需要我查一下{topic}怎么解决吗？",
        ),
        "beside": (
            "要我整理一下桌面吗？",
            "我可以查一下明天的天气。",
            "需要我总结收件箱吗？",
            "要我放点音乐吗？",
        ),
        "thought": "排练：由刚刚发生的事情决定。",
    },
}


def candidate_script(
    messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random
) -> dict[str, Any]:
    """Right by lot at first, more surely after each candidate that was turned down."""
    said = _SAID["zh" if is_chinese(facts["lang"]) else "en"]
    wanted, tried = bool(facts["wanted"]), facts["tried"]
    right = rng.random() < RIGHT + 0.1 * len(tried)
    if right and not wanted and None not in tried:
        return {"thought": said["thought"], "proposal": None}
    if right and wanted:
        named = [topic for text in reversed(facts["events"]) for topic in topics(text) or [text[:_MOST]]]
        found = [form.format(topic=topic) for topic in named for form in said["about"]]
    else:
        found = list(said["beside"])
        rng.shuffle(found)
    left = [text for text in found if text not in tried] or found
    return {"thought": said["thought"], "proposal": left[0]}


SCRIPTS = {"candidate": candidate_script}
