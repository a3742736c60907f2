"""Kinds of text that calibration and figures are told apart by: language and length, read off the text itself."""

from __future__ import annotations

import unicodedata
from collections import Counter

from tactful.text import cjk_share

SHORT = 12
"""Words up to which a text counts as short; Chinese, Japanese and Korean: 20 characters."""
_KANA_HANGUL = ("HIRAGANA", "KATAKANA", "HANGUL")
_ENGLISH = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "of",
        "and",
        "is",
        "are",
        "it",
        "i",
        "you",
        "my",
        "me",
        "for",
        "in",
        "on",
        "that",
        "this",
        "with",
        "can",
        "do",
        "what",
        "how",
        "be",
        "not",
        "have",
        "was",
        "at",
        "as",
        "if",
        "or",
        "please",
        "from",
        "your",
        "but",
        "so",
        "just",
        "we",
        "they",
        "he",
        "she",
        "no",
        "yes",
        "ok",
        "thanks",
        "thank",
        "get",
        "make",
        "give",
        "set",
        "add",
        "write",
        "show",
        "find",
    ]
)


def scripts(text: str) -> Counter[str]:
    """Script (`LATIN`, `CJK`, `CYRILLIC` …) → letters of it in the text."""
    found: Counter[str] = Counter()
    for letter in text[:2000]:
        if letter.isalpha():
            found[unicodedata.name(letter, "UNNAMED").split(" ", 1)[0].split("-", 1)[0]] += 1
    return found


def language(text: str) -> str:
    """`zh`, `en` or `other`. A text in Latin letters is English when every eighth word is one of English's commonest."""
    if cjk_share(text) > 0.2:
        return "other" if any(scripts(text)[name] for name in _KANA_HANGUL) else "zh"
    found = scripts(text)
    if sum(found.values()) > 2 * (found["LATIN"] or 1):
        return "other"
    words = [word.strip(".,!?;:'\"()") for word in text.lower().split()]
    letters = [word for word in words if word.isalpha()]
    if any(ord(letter) > 0xBF for word in letters for letter in word):
        return "other"
    return "en" if len(letters) < 4 or 8 * sum(w in _ENGLISH for w in letters) >= len(letters) else "other"


def is_short(text: str) -> bool:
    """At most `SHORT` words, or 20 characters where a character is about a word."""
    return len(text) <= 20 if cjk_share(text) > 0.2 else len(text.split()) <= SHORT


def kind_of(text: str) -> str:
    """`en-short`, `zh-long`, `other-short` and so on."""
    return f"{language(text)}-{'short' if is_short(text) else 'long'}"
