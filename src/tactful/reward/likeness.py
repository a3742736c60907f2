"""How alike the texts of a moment are: a proposal and the events, and the events among themselves.

Offline by shared character n-grams, or by a sentence encoder. No statistic is taken over the given texts: how alike two texts are never depends on a third.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tactful.reading.remembered import Remembered
from tactful.reward.lexicon import MAX_CHARS, SMALL_WORDS
from tactful.text import Encoder, open_encoder
from tactful.text.encoder import NGRAMS

Floats = NDArray[np.float64]

_BUCKETS = 1 << 16
_REMEMBERED = 4096
_WORD = re.compile(r"[^\W_]+")
_CJK = 0x2E80  # from here on a character is worth a word


class Likeness(Protocol):
    """Compares texts. Kept for many calls: texts seen before cost little."""

    name: str

    def cosines(self, one: str, others: Sequence[str]) -> Floats:
        """Cosine of `one` with each of `others`, (len(others),), in [-1, 1], by n-grams in [0, 1]; higher = more alike.

        A text with nothing to compare (no letter or digit, or by n-grams small words alone) has likeness 0 to all.
        """
        ...

    def learn(self, texts: Sequence[str]) -> None:
        """Make ready for these texts in one go, where that is cheaper than one by one. Changes no cosine."""
        ...


class NgramLikeness:
    """Cosine of the counts of character 3- to 5-grams (1- and 2-grams of CJK), small words left out."""

    name = NGRAMS

    def __init__(self) -> None:
        self._scratch = np.zeros(_BUCKETS, dtype=np.float32)
        self._lock = threading.Lock()

    def cosines(self, one: str, others: Sequence[str]) -> Floats:
        """Cosine of `one` with each of `others`, (len(others),), in [0, 1]."""
        found = np.zeros(len(others))
        grams, weights = _gram_vector(one[:MAX_CHARS])
        with self._lock:
            self._scratch[grams] = weights
            for number, other in enumerate(others):
                theirs, their_weights = _gram_vector(other[:MAX_CHARS])
                found[number] = self._scratch[theirs] @ their_weights
            self._scratch[grams] = 0.0
        return np.clip(found, 0.0, 1.0)

    def learn(self, texts: Sequence[str]) -> None:
        """Nothing to prepare: a text is read when it is first compared."""


class EncoderLikeness:
    """Cosine of the vectors of a sentence encoder; remembers the vectors of the latest texts."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._vectors = Remembered[str, NDArray[np.float32]](
            lambda new: list(encoder.encode(new)), _REMEMBERED
        )
        self._lock = threading.Lock()

    def cosines(self, one: str, others: Sequence[str]) -> Floats:
        """Cosine of `one` with each of `others`, (len(others),), in [-1, 1]."""
        rows = self._rows([one, *others])
        return np.clip(np.asarray(rows[1:] @ rows[0], dtype=np.float64), -1.0, 1.0)

    def learn(self, texts: Sequence[str]) -> None:
        """Encode the texts that are new, in one batch."""
        self._rows(texts)

    def _rows(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            rows = self._vectors.of([text[:MAX_CHARS] for text in texts])
        return np.stack(rows) if rows else np.zeros((0, self._encoder.dimensions), dtype=np.float32)


def open_likeness(name: str) -> Likeness:
    """`ngrams` (offline, any language), or the sentence encoder of that name or folder.

    Raises: MissingExtra without the extra `encoder`; ConfigError when the encoder cannot be loaded.
    """
    return NgramLikeness() if name == NGRAMS else EncoderLikeness(open_encoder(name))


@lru_cache(maxsize=_REMEMBERED)
def _gram_vector(text: str) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Buckets (ascending, each once) and weights (length 1 together) of the grams of a text."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = [word for word in _WORD.findall(folded) if word not in SMALL_WORDS]
    if not words:
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
    codes = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    buckets, counts = np.unique(np.concatenate(_hashes(codes)), return_counts=True)
    weights = counts.astype(np.float32)
    return buckets.astype(np.int32), weights / np.linalg.norm(weights)


def _hashes(codes: NDArray[np.uint64]) -> list[NDArray[np.uint64]]:
    """Buckets of all grams, one array for each size; equal in every process."""
    found = []
    wide = codes >= _CJK
    rolled = codes + np.uint64(1)
    if wide.any():
        found.append(_bucket(rolled[wide], 1))
    for size in range(2, 6):
        if len(codes) < size:
            break
        rolled = rolled[:-1] * np.uint64(1_000_003) + codes[size - 1 :] + np.uint64(1)
        if size > 2:
            found.append(_bucket(rolled, size))
        elif wide.any():
            found.append(_bucket(rolled[wide[:-1] & wide[1:]], size))
    return found


def _bucket(rolled: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    mixed = (rolled + np.uint64(size)) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray(mixed >> np.uint64(48), dtype=np.uint64)  # the upper 16 bits: _BUCKETS
