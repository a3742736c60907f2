"""Is this text like those the reader was trained on? Distance in the encoder's own space, script, and vocabulary.

The distance is the smallest Mahalanobis distance to the mean of a class of training texts (Lee et al., 2018,
arXiv:1807.03888), in the leading components of the pooled covariance; its limit is measured on held-out writers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tactful.errors import DataError
from tactful.reading.encoder.card import ReaderCard
from tactful.reading.encoder.inputs import Shown
from tactful.reading.encoder.network import Floats
from tactful.reading.kinds import scripts

SCOPE_FILE = "scope.npz"
COMPONENTS = 48


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
        leading = slice(-COMPONENTS, None)
        whiten = axes[:, leading] / np.sqrt(np.maximum(spread[leading], 1e-9))
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
    """Head → where its training texts lie. Raises: DataError, when the file does not match the card."""
    card.check_file(path)
    with np.load(path, allow_pickle=False) as arrays:
        missing = [head for head in card.heads if f"{head}_means" not in arrays]
        if missing:
            raise DataError.at(path, None, f"lacks the heads {missing}", fix="train the reader again")
        return {head: Near(arrays[f"{head}_whiten"], arrays[f"{head}_means"]) for head in card.heads}


def unknown_because(text: str, shown: Shown, distance: float, card: ReaderCard, head: str) -> str:
    """Why this text is not read, in a clause; empty when it is like what the reader was trained on."""
    if not text.strip():
        return "the text is blank"
    found = scripts(text)
    foreign = [name for name in found if name not in card.scripts]
    if foreign and 2 * sum(found[name] for name in foreign) > sum(found.values()):
        return f"it is written in {foreign[0].capitalize()} letters, which this reader was not trained on"
    if shown.unknown > card.most_unknown:
        return f"the vocabulary lacks {shown.unknown:.0%} of its words"
    if distance > card.heads[head].farthest:
        return f"it is unlike the texts that this reader was trained on (distance {distance:.1f}, limit {card.heads[head].farthest:.1f})"
    return ""
