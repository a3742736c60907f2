"""What any judge of feedback must beat: always the majority, the majority of the source, a plain keyword list."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tactful.feedback.labels import Label
from tactful.feedback.types import LabelledTurn, Turn

KEYWORDS: Mapping[Label, tuple[str, ...]] = {
    Label.NEG_CONSTRAINT_RESTATE: (
        "i said",
        "i told you",
        "as i mentioned",
        "i asked for",
        "我说",
        "按我说的",
        "说过",
    ),
    Label.NEG_CORRECTION: (
        "wrong",
        "incorrect",
        "not right",
        "mistake",
        "doesn't work",
        "don't like",
        "no,",
        "错",
        "不对",
    ),
    Label.NEG_CONFUSION: (
        "what do you mean",
        "don't understand",
        "confused",
        "explain again",
        "不懂",
        "不明白",
        "什么意思",
    ),
    Label.TOPIC_SHIFT: ("by the way", "another question", "unrelated", "换个话题", "顺便"),
    Label.POS_PRAISE: ("thank", "great", "perfect", "awesome", "love", "good", "谢谢", "很好", "不错", "棒"),
}
"""Label → what to look for, in the order of looking; plain substrings, no negation."""
_LEAST_PROGRESS = 4  # words


def keyword_label(turn: Turn) -> Label:
    """The first label one of whose keywords stands in the message; else progress, or neutral for a very short one."""
    text = turn.user_next.lower().replace("’", "'")
    for label, words in KEYWORDS.items():
        if any(word in text for word in words):
            return label
    long = len(re.findall(r"[a-z0-9']+|[㐀-鿿]{2}", text)) >= _LEAST_PROGRESS
    return Label.POS_PROGRESS if long or "?" in text or "？" in text else Label.NEUTRAL


def baselines(turns: Sequence[LabelledTurn]) -> dict[str, list[Label]]:
    """Name → a label per turn. The majorities are counted on these very turns, which favours the baseline."""
    overall = Counter(turn.label7 for turn in turns).most_common(1)[0][0]
    by_source: dict[str, Counter[Label]] = {}
    for turn in turns:
        by_source.setdefault(turn.source, Counter())[turn.label7] += 1
    commonest = {source: counts.most_common(1)[0][0] for source, counts in by_source.items()}
    return {
        "majority": [overall for _ in turns],
        "majority of its source": [commonest[turn.source] for turn in turns],
        "keywords": [keyword_label(turn) for turn in turns],
    }
