"""What stands in one exchange: phrases by clause, the message's shape, and what it shares with query and answer.

A `Reading` is all that the rules and the linear model see of a turn besides the words themselves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tactful.feedback.embedded import lexicon as lex
from tactful.feedback.embedded.phrases import clauses_of, split
from tactful.feedback.labels import LABELS
from tactful.feedback.types import Turn
from tactful.text import similarity

_WORDS = re.compile(r"[a-z][a-z0-9_']+|\d+(?:[.:]\d+)?|[㐀-鿿]+")
_ENDING = re.compile(r"(?:ies|ing|ed|es|s)$")
_MARKS_ONLY = re.compile(r"^[\s?？!！.。…]*[?？][\s?？!！.。…]*$")
_NOT_PART = re.compile(
    r"\bnot (?:a |an |the |in |by )?[\w-]+|\b(?:instead of|rather than|without)\b|而不是|不是[^吗？?]{1,12}$|，不是|不是.{1,8}，"
)
_SOLICITS = re.compile(r"(?i)" + "|".join(split(lex.SOLICITS)))
_LABEL_NAME = "|".join(map(str, LABELS))
_ORDER_LINE = re.compile(rf"(?i)[^\n]*(?:{_LABEL_NAME})[^\n]*")
_ORDER_SENTENCE = re.compile(rf"(?i)[^\n.!?。！？]*(?:{_LABEL_NAME})[^\n.!?。！？]*")
_LONGEST = 4000  # characters of a message that are compared: the first and the last half of it
_COMPARED = 160  # characters that `text.similarity` sees of each message


@dataclass(frozen=True, slots=True)
class Reading:
    """Signals of one turn. Shares are in [0, 1]; 0 where there is nothing to compare."""

    kinds: Mapping[str, int]
    """Kind of phrase → count over the whole message."""
    words: float
    """Length in words; a Chinese character counts 0.6."""
    question: bool
    exclaims: bool
    marks_only: bool
    """Nothing but punctuation with a question mark."""
    from_query: float
    """Share of the message's content words that stand in the query and not in the answer."""
    from_answer: float
    """Share that stand in the answer and not in the query."""
    shared: float
    """Share that stand in either."""
    likeness: float
    """Similarity of message and query by character n-grams (`text.similarity`)."""
    content: int
    """Content words of the message."""
    contrast: bool
    """Sets one thing against another: "six, not four"."""
    solicited: bool
    """The answer fished for praise or thanks."""
    answer_asks: bool
    """The answer ends with a question."""

    def has(self, *kinds: str) -> bool:
        """Any phrase of these kinds."""
        return any(kind in self.kinds for kind in kinds)


def heard(message: str) -> str:
    """The message without lines, else sentences, that name one of our labels: those speak to the judge.

    A message that holds nothing else is kept as it is.
    """
    if "_" not in message:
        return message
    for order in (_ORDER_LINE, _ORDER_SENTENCE):
        rest = order.sub("", message).strip()
        if any(char.isalnum() for char in rest):
            return rest
    return message


def read_turn(turn: Turn) -> Reading:
    """The signals of one turn; a pure function of its three texts."""
    message = _clipped(heard(turn.user_next))
    clauses = clauses_of(message)
    kinds: Counter[str] = Counter()
    for clause in clauses:
        kinds.update(clause.counts)
    said, query, answer = topic_words(message), topic_words(turn.q_t), topic_words(turn.a_t)
    count = len(said) or 1
    in_query, in_answer = said & query, said & answer
    tail = turn.a_t.rstrip()[-1:]
    return Reading(
        kinds=kinds,
        words=sum(clause.words for clause in clauses),
        question="?" in message or "？" in message,
        exclaims="!" in message or "！" in message,
        marks_only=bool(_MARKS_ONLY.match(message)),
        from_query=len(in_query - answer) / count,
        from_answer=len(in_answer - query) / count,
        shared=len(in_query | in_answer) / count,
        likeness=similarity(turn.q_t[:_COMPARED], message[:_COMPARED]),
        content=len(said),
        contrast=bool(_NOT_PART.search(message.lower())),
        solicited=bool(_SOLICITS.search(turn.a_t[-300:])),
        answer_asks=tail in "?？" if tail else False,
    )


def topic_words(text: str) -> frozenset[str]:
    """Words that carry a topic: English ones without ending, Chinese ones as pairs of characters."""
    return _content_words(_clipped(text))


@lru_cache(maxsize=1024)
def _content_words(text: str) -> frozenset[str]:
    return frozenset(_content(_WORDS.findall(text.lower().replace("’", "'"))))


def _content(words: Iterable[str]) -> Iterable[str]:
    for word in words:
        if word[0] >= "㐀":
            for place in range(len(word) - 1):
                if word[place] not in lex.FUNCTION_CHARS and word[place + 1] not in lex.FUNCTION_CHARS:
                    yield word[place : place + 2]
        elif (bare := word.replace("'", "")) not in lex.STOPWORDS:
            yield _ENDING.sub("", bare) if len(bare) > 4 else bare


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + " " + text[-_LONGEST // 2 :]
