"""The floor: words and character n-grams, hashed, and one linear layer a head. numpy alone, any language.

It counts what stands in the text that is judged (and, apart, in what went before) and knows nothing of meaning. It is
the baseline of every table, and needs no onnxruntime: `--reader surface`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.reading.types import (
    BLANK,
    REACTIONS,
    Exchange,
    Need,
    OfferReading,
    ReactionReading,
    ReaderAtOnce,
    Request,
    reaction_of,
    refuse_texts,
)
from tactful.text.similarity import gram_sizes, ngram_counts
from tactful.types import Moment, content_hash

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BUCKETS = 1 << 15
HEADS = {"need": 2, "reaction": len(REACTIONS), "accept": 2, "silence": 2}
WEIGHTS = Path(__file__).parent / "surface.npz"


def parts_of(item: Request | Exchange | Moment) -> tuple[str, str]:
    """(judged, before) texts of an item."""
    if isinstance(item, Request):
        return item.text, "\n".join(turn.content for turn in item.context)
    if isinstance(item, Exchange):
        return item.next, f"{item.query}\n{item.answer}"
    return item.proposal or "", "\n".join(event.text for event in item.events[-5:])


def features(judged: str, before: str) -> Iterator[tuple[int, float]]:
    """(bucket, value) of one item: damped counts of words and n-grams, told apart by where they stand."""
    for mark, text in (("j", judged), ("b", before)):
        short = text[:2000]
        counts = dict(ngram_counts(short, gram_sizes(short)))
        for word in text.lower().split()[:300]:
            counts[f" {word}"] = counts.get(f" {word}", 0) + 1
        scale = sum(count * count for count in counts.values()) ** 0.5 or 1.0
        for gram, count in counts.items():
            yield zlib.crc32(f"{mark}{gram}".encode()) % BUCKETS, count / scale


@dataclass(frozen=True)
class SurfaceReader(ReaderAtOnce):
    """A `Reader` of counts. Deterministic; the same without waiting in `…_now`."""

    weights: dict[str, Floats]
    """Head → (BUCKETS + 1, classes); the last row is the bias."""

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> SurfaceReader:
        """Raises: DataError, when the file is missing or holds something else."""
        from tactful.data.arrays import load_arrays

        arrays = load_arrays(path, HEADS, what="surface reader", again="clone again")
        return cls({head: array.astype("float32") for head, array in arrays.items()})

    @property
    def name(self) -> str:
        """`surface:` and a fingerprint of the weights."""
        return f"surface:{content_hash(b''.join(self.weights[head].tobytes() for head in HEADS))[:12]}"

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""
        refuse_texts(requests)
        found = self._probabilities("need", requests)
        return [Need(need=None, unknown=BLANK) if p is None else Need(need=float(p[1])) for p in found]

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        return [
            ReactionReading(probabilities=None, unknown=BLANK) if p is None else reaction_of(p)
            for p in self._probabilities("reaction", exchanges)
        ]

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed, or the silence, at each moment?"""
        chosen = [
            self._probabilities("silence" if moment.proposal is None else "accept", [moment])[0]
            for moment in moments
        ]
        return [
            OfferReading(accept=None, unknown=BLANK) if p is None else OfferReading(accept=float(p[1]))
            for p in chosen
        ]

    def _probabilities(
        self, head: str, items: Sequence[Request] | Sequence[Exchange] | Sequence[Moment]
    ) -> list[Floats | None]:
        import numpy as np

        weights = self.weights[head]
        found: list[Floats | None] = []
        for item in items:
            judged, before = parts_of(item)
            if not (judged.strip() or before.strip()):
                found.append(None)
                continue
            pairs = list(features(judged, before))
            places = np.array([place for place, _ in pairs], dtype=int)
            values = np.array([value for _, value in pairs], dtype=np.float32)
            logits = values @ weights[places] + weights[-1]
            raised = np.exp(logits - logits.max())
            found.append(raised / raised.sum())
        return found
