"""Surface features of a request: what its clarity and complexity are estimated from. No hidden side, no model.

Made so that a model with sign constraints is monotone by construction:

- vague words are taken out, and counted, before anything else is, so adding one of them between two words
  changes no other count; none of these counts is a length or a share, so another word cannot raise them either;
- what speaks *against* clarity is counted outside the sentences that give an input, an output or an example,
  so adding such a sentence adds to the first kind alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType

from tactful.text import lexicon as lex
from tactful.text.lang import estimate_tokens

_STRIPPED = {"delegates": lex.DELEGATE, "hedges": lex.HEDGE, "vague": lex.VAGUE}
_AGAINST = {"help": lex.HELP, "background": lex.BACKGROUND}
_FOR = {
    "numbers": lex.NUMBER,
    "quoted": lex.QUOTED,
    "code": lex.CODE,
    "money": lex.MONEY,
    "times": lex.TIME,
    "examples": lex.EXAMPLE,
    "input_output": lex.INPUT_OUTPUT,
    "conditions": lex.CONDITION,
    "constraints": lex.CONSTRAINT,
    "scopes": lex.SCOPE,
    "reasons": lex.REASON,
    "negations": lex.NEGATION,
    "formats": lex.FORMAT,
    "bullets": lex.BULLET,
}
_HOLE = re.compile(r"\0\s*[,，]?")  # where a word was taken out, with the comma that came along
_SENTENCE_END = re.compile(r"(?<=[.!?。！？；;])\s+|(?<=[。！？；])|\n")
_SPECIFIC = tuple(_FOR[name] for name in ("examples", "input_output"))

CLARITY_SIGNS = MappingProxyType({**dict.fromkeys(_FOR, 1), **dict.fromkeys((*_STRIPPED, *_AGAINST), -1)})
"""Feature → direction in which it may move clarity: +1 never lowers it, -1 never raises it."""


def without_vague_words(text: str) -> str:
    """The text with vague words, hedges and delegations taken out and white space inside lines evened."""
    return _take_out(text)[0]


def _take_out(text: str) -> tuple[str, dict[str, int]]:
    """The text without vague words, and how many of each kind were taken out."""
    taken = dict.fromkeys(_STRIPPED, 0)
    before = ""
    while before != text:  # taking one word out may bring the parts of another together
        before = text
        for name, pattern in _STRIPPED.items():
            text, found = pattern.subn("\0", text)
            text = _HOLE.sub(" ", text)
            taken[name] += found
    return "\n".join(" ".join(line.split()) for line in text.split("\n")), taken


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without empty ones."""
    return [piece.strip() for piece in _SENTENCE_END.split(text) if piece.strip()]


def surface_features(text: str) -> dict[str, float]:
    """Counts, all ≥ 0: those of `CLARITY_SIGNS`, and lengths (`tokens`, `sentences`, `entities`, `question_words`).

    The lengths are for complexity and for baselines; clarity never rests on them.
    """
    return dict(_features(text))


@lru_cache(maxsize=4096)
def _features(text: str) -> tuple[tuple[str, float], ...]:
    plain = without_vague_words(text)
    counted = {name: len(pattern.findall(plain)) for name, pattern in _FOR.items()}
    counted |= _against(text)
    counted |= {
        "tokens": estimate_tokens(text),
        "sentences": len(sentences(text)),
        "entities": len(lex.ENTITY.findall(text)),
        "question_words": len(lex.QUESTION_WORD.findall(text)),
    }
    return tuple((name, float(count)) for name, count in counted.items())


def _against(text: str) -> dict[str, int]:
    """Counts of what speaks against clarity, over the sentences that give no input, output or example."""
    counted = dict.fromkeys((*_STRIPPED, *_AGAINST), 0)
    for sentence in sentences(text):
        plain, taken = _take_out(sentence)
        if any(pattern.search(plain) for pattern in _SPECIFIC):
            continue
        for name, found in taken.items():
            counted[name] += found
        for name, pattern in _AGAINST.items():
            counted[name] += len(pattern.findall(plain))
    return counted
