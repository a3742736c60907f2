"""Which language a text is in, and about how long it is. No model, no network."""

from __future__ import annotations

import re
from typing import Literal

# Han, kana and Hangul: scripts where one character carries about one token.
CJK = re.compile(r"[㐀-䶿一-鿿豈-﫿぀-ヿ가-힯\U00020000-\U0002fa1f]")
_LETTER = re.compile(r"[^\W\d_]")


def cjk_share(text: str) -> float:
    """Share of the letters that are Chinese, Japanese or Korean, in [0, 1]; 0.0 for a text without letters."""
    letters = len(_LETTER.findall(text))
    return len(CJK.findall(text)) / letters if letters else 0.0


def detect_lang(text: str) -> Literal["zh", "en"]:
    """`zh` when more than a fifth of the letters are CJK (code and names mix Latin letters in), else `en`."""
    return "zh" if cjk_share(text) > 0.2 else "en"


def estimate_tokens(text: str) -> int:
    """About how many tokens a model would count: one per CJK character, one per four other characters.

    An estimate, for when an endpoint reports no usage; an empty text has 0 tokens, any other at least 1.
    """
    cjk = len(CJK.findall(text))
    return cjk + -(-(len(text) - cjk) // 4)
