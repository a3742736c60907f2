"""How alike two texts are, by the character n-grams they share. Works offline and in any language."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from tactful.text.lang import cjk_share

WORD_GRAMS = (3, 4, 5)
CJK_GRAMS = (1, 2, 3)


def normalise(text: str) -> str:
    """NFKC, case-folded, runs of anything but letters and digits as one space, a space at both ends."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = "".join(char if char.isalnum() else " " for char in folded).split()
    return f" {' '.join(words)} " if words else ""


@lru_cache(maxsize=8192)
def ngram_counts(text: str, sizes: tuple[int, ...]) -> Mapping[str, int]:
    """Character n-gram → count, over the normalised text; grams of spaces alone are left out."""
    plain = normalise(text)
    grams = (plain[at : at + size] for size in sizes for at in range(len(plain) - size + 1))
    return Counter(gram for gram in grams if not gram.isspace())


@lru_cache(maxsize=8192)
def _norm(text: str, sizes: tuple[int, ...]) -> float:
    return math.sqrt(sum(count * count for count in ngram_counts(text, sizes).values()))


def gram_sizes(*texts: str) -> tuple[int, ...]:
    """1 to 3 characters where any of the texts is mostly CJK, 3 to 5 otherwise."""
    return CJK_GRAMS if any(cjk_share(text) > 0.2 for text in texts) else WORD_GRAMS


def similarity(a: str, b: str) -> float:
    """Cosine of the n-gram counts, in [0, 1]; 1 means equal but for case, width and punctuation.

    Two texts without a letter or digit have similarity 0: nothing to compare is not agreement.
    Vectors are cached, so comparing one text with many costs little.
    """
    sizes = gram_sizes(a, b)
    norms = _norm(a, sizes) * _norm(b, sizes)
    if norms == 0.0:
        return 0.0
    left, right = ngram_counts(a, sizes), ngram_counts(b, sizes)
    if len(left) > len(right):
        left, right = right, left
    shared = sum(count * right[gram] for gram, count in left.items() if gram in right)
    return min(1.0, shared / norms)
