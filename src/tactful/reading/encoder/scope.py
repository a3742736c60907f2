"""Is this text like those the reader was trained on? Distance in the encoder's own space, script, and vocabulary.

The distance is the smallest Mahalanobis distance to the mean of a class of training texts (Lee et al., 2018,
arXiv:1807.03888), in the leading components of the pooled covariance. Measured: it tells little by itself (a text in
Swahili lies as near as one in English), so it only catches what lies far beyond every text seen; script, vocabulary and
common words catch the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tactful.data.arrays import load_arrays
from tactful.errors import DataError
from tactful.reading.encoder.card import AGAIN, ReaderCard
from tactful.reading.encoder.inputs import Shown
from tactful.reading.encoder.network import Floats
from tactful.reading.encoder.tokens import composed
from tactful.reading.types import BLANK
from tactful.text import cjk_share, scripts

SCOPE_FILE = "scope.npz"
FEWEST_WORDS = 6
"""Words from which a text with hardly any common one is taken for another language."""
LEAST_COMMON = 1 / 8
"""Share of common words below which it is."""
COMPONENTS = 48
_WORD = re.compile(r"[^\W\d_]{2,}")
_FLAT = 1e-4  # share of the largest variance below which a direction is noise


@dataclass(frozen=True)
class Near:
    """Where the training texts of one head lie."""

    whiten: Floats
    """(dimensions, components): a vector times this has unit variance within a class."""
    means: Floats
    """(classes, components): class means, whitened."""

    @classmethod
    def fit(cls, vectors: Floats, labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Near:
        """From the vectors (n, dimensions) of training texts and their classes (n,)."""
        centres = np.stack([vectors[labels == one].mean(axis=0) for one in np.unique(labels)])
        within = vectors - centres[np.searchsorted(np.unique(labels), labels)]
        spread, axes = np.linalg.eigh(np.cov(within, rowvar=False))
        leading = np.flatnonzero(spread > _FLAT * spread.max())[-COMPONENTS:]
        whiten = axes[:, leading] / np.sqrt(spread[leading])
        return cls(whiten.astype(np.float32), (centres @ whiten).astype(np.float32))

    def distance(self, vectors: Floats) -> Floats:
        """(n,), 0 at a class mean; about the square root of the number of components for a usual text."""
        placed = vectors @ self.whiten
        gaps: Floats = np.linalg.norm(placed[:, None, :] - self.means[None], axis=-1).min(axis=1)
        return gaps


def save_scope(path: Path, near: dict[str, Near]) -> None:
    """Write `scope.npz`."""
    arrays = {
        f"{head}_{name}": getattr(one, name) for head, one in near.items() for name in ("whiten", "means")
    }
    np.savez_compressed(path, **arrays)


def load_scope(path: Path, card: ReaderCard) -> dict[str, Near]:
    """Head → where its training texts lie. Raises: DataError, when the file does not match the card, or is damaged."""
    card.check_file(path)
    names = [f"{head}_{name}" for head in card.heads for name in ("whiten", "means")]
    arrays = load_arrays(path, names, what="scope of a reader", again=AGAIN)
    near = {head: Near(arrays[f"{head}_whiten"], arrays[f"{head}_means"]) for head in card.heads}
    for head, one in near.items():
        if not one.whiten.ndim == one.means.ndim == 2 or one.whiten.shape[1] != one.means.shape[1]:
            raise DataError.at(
                path, None, f"the arrays of the head '{head}' do not fit each other", fix=AGAIN
            )
    return near


def words_of(text: str) -> list[str]:
    """The words of two letters and more, as common ones are counted in training and looked for in reading."""
    return _WORD.findall(composed(text).lower())


def unknown_because(
    text: str,
    shown: Shown,
    distance: float,
    card: ReaderCard,
    head: str,
    *,
    glossed: Callable[[str], bool],
) -> str:
    """Why this text is not read, in a clause; empty when it is like what the reader was trained on.

    `glossed`: whether a word list of its language read a text.
    """
    if not text.strip():
        return BLANK
    found = scripts(text)
    foreign = [name for name in found if name not in card.scripts]
    if foreign and 2 * sum(found[name] for name in foreign) > sum(found.values()):
        return f"it is written in {foreign[0].capitalize()} letters, which this reader was not trained on"
    words = [word for word in words_of(text) if not cjk_share(word)]
    latin = 2 * found["LATIN"] > sum(found.values())
    known = sum(word in card.common_words for word in words)
    if latin and card.common and len(words) >= FEWEST_WORDS and known < LEAST_COMMON * len(words):
        return "hardly any of its words is common in the texts that this reader was trained on: another language, or no prose"
    if head == "accept" and latin and card.common and words and not known and not glossed(text):
        return "none of its words is one that this reader knows"
    if shown.unknown > card.most_unknown:
        return f"the vocabulary lacks {shown.unknown:.0%} of its words"
    if distance > card.heads[head].farthest:
        return f"it is unlike the texts that this reader was trained on (distance {distance:.1f}, limit {card.heads[head].farthest:.1f})"
    return ""
