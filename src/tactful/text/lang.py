"""Which language a text is in, and about how long it is. No model, no network."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Literal

Lang = Literal["zh", "en", "other"]
_NAMES = {"zh": "Chinese (中文)", "en": "English", "ja": "Japanese (日本語)", "ko": "Korean (한국어)"}

# Han, kana and Hangul: scripts where one character carries about one token.
CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿぀-ヿ가-힯\U00020000-\U0002fa1f]")
_LETTER = re.compile(r"[^\W\d_]")
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
"""The commonest words of English."""


def cjk_share(text: str) -> float:
    """Share of the letters that are Chinese, Japanese or Korean, in [0, 1]; 0.0 for a text without letters."""
    letters = len(_LETTER.findall(text))
    return len(CJK.findall(text)) / letters if letters else 0.0


def scripts(text: str) -> Counter[str]:
    """Script (`LATIN`, `CJK`, `CYRILLIC` …) → letters of it in the text."""
    found: Counter[str] = Counter()
    for letter, times in Counter(text[:2000]).items():
        if letter.isalpha():
            found[unicodedata.name(letter, "UNNAMED").split(" ", 1)[0].split("-", 1)[0]] += times
    return found


def detect_lang(text: str) -> Lang:
    """`zh`, `en` or `other`.

    Where more than a fifth of the letters are Chinese, Japanese or Korean (code and names mix Latin letters in), the text is
    `other` with any kana or Hangul in it, else `zh`. One whose letters are mostly of other scripts is `other`. One in Latin letters
    is `en` when no word is accented (a single "café" makes it `other`), and every eighth word is one of the commonest or it has
    fewer than four words.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # some systems store an accent apart from its letter
        found = scripts(text)
        if cjk_share(text) > 0.2:
            return "other" if any(found[name] for name in _KANA_HANGUL) else "zh"
        if sum(found.values()) > 2 * (found["LATIN"] or 1):
            return "other"
    words = [word.strip(".,!?;:'\"()") for word in text.lower().split()]
    letters = [word for word in words if word.isalpha() and ord(max(word)) < 0x250]
    if any(ord(max(word)) > 0xBF for word in letters):
        return "other"
    return "en" if len(letters) < 4 or 8 * sum(w in _ENGLISH for w in letters) >= len(letters) else "other"


def estimate_tokens(text: str) -> int:
    """About how many tokens a model would count: one per CJK character, one per four other characters.

    An estimate, for when an endpoint reports no usage; an empty text has 0 tokens, any other at least 1.
    """
    cjk = len(CJK.findall(text))
    return cjk + -(-(len(text) - cjk) // 4)


def is_chinese(code: str) -> bool:
    """Whether the code of a language names Chinese: `zh`, `zh-CN`, `zh_TW`."""
    return code.lower().startswith("zh")


def language(code: str, of: str = "the dialogue") -> str:
    """The language of a code in words, for prompts that say what to write in; of an unknown code: that `of` something."""
    return _NAMES.get(code.lower().split("-")[0], f"the language of {of} ({code})")
