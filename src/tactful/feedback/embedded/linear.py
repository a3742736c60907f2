"""A linear model over the signals of a turn and its hashed words, trained on labelled turns of the user's own.

Multinomial logistic regression (scikit-learn) on: the lexicon's counts and the message's shape, what the untrained
rules believe, and hashed n-grams of the next message (words and pairs of words; for Chinese, one to three
characters). Labels are weighted by the inverse root of their frequency: full weights make a rare label too cheap
to guess, none lets the majority swallow it. Stored as an npz without pickle; loading runs no code.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import Field, ValidationError, field_validator

from tactful.data.arrays import load_arrays
from tactful.data.io import describe, write_file
from tactful.errors import DataError, UserError
from tactful.feedback.embedded import lexicon as lex
from tactful.feedback.embedded.reading import Reading, heard, read_turn
from tactful.feedback.embedded.rules import probabilities as rule_probabilities
from tactful.feedback.labels import LABELS, Label
from tactful.feedback.types import LabelledTurn, Turn
from tactful.types import Record, content_hash

Floats = NDArray[np.float64]
FORMAT = "tactful-feedback-linear-1"
BUCKETS = 4096
C = 10.0
"""Inverse strength of L2; chosen once, on IARD, among 1, 3 and 10 by folds over dialogues."""
_TOKEN = re.compile(r"[a-z0-9][a-z0-9']*|[?!]|[㐀-鿿]")
_MOST_TOKENS = 400
_ARRAYS = ("mean", "scale", "buckets", "weights", "bias")
_TINY = 1e-12
"""No scale of a training is as small; divided by less, a probability might not be finite."""
_SIGNALS = (
    "words",
    "question",
    "exclaims",
    "marks_only",
    "from_query",
    "from_answer",
    "shared",
    "likeness",
    "content",
    "contrast",
    "solicited",
    "answer_asks",
)
"""Fields of a `Reading`."""
_COUNTED = ("words", "content")
SHAPE = (*(f"kind:{kind}" for kind in lex.KINDS), *_SIGNALS, *(f"rules:{label}" for label in LABELS))
"""Names of the dense features, in order."""


@dataclass(frozen=True)
class LinearModel:
    """Weights over standardised dense features and the buckets that occurred in training."""

    labels: tuple[Label, ...]
    mean: Floats
    scale: Floats
    buckets: NDArray[np.int64]
    """Hash buckets seen in training, sorted; others have no weight."""
    weights: Floats
    """(labels, dense features + buckets)."""
    bias: Floats
    card: dict[str, Any] = field(default_factory=dict)
    """Turns, dialogues, sources, labels, seed of the training."""

    @property
    def fingerprint(self) -> str:
        """Eight hex digits of everything that decides: models that judge differently differ in it."""
        arrays = b"".join(getattr(self, name).tobytes() for name in _ARRAYS)
        return content_hash(orjson.dumps((self.labels, SHAPE)) + arrays)[:8]

    def probabilities(self, turns: Sequence[Turn], readings: Sequence[Reading] | None = None) -> Floats:
        """(turns, labels), rows sum to 1."""
        if not turns:
            return np.zeros((0, len(self.labels)))
        readings = readings if readings is not None else [read_turn(turn) for turn in turns]
        dense = (dense_features(readings) - self.mean) / self.scale
        split = len(SHAPE)
        logits = dense @ self.weights[:, :split].T + self.bias
        place = {int(bucket): split + at for at, bucket in enumerate(self.buckets)}
        for row, turn in enumerate(turns):
            for bucket, value in hashed_words(heard(turn.user_next)).items():
                at = place.get(bucket)
                if at is not None:
                    logits[row] += value * self.weights[:, at]
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def knows(self, turns: Sequence[Turn]) -> int:
        """How many of these turns belong to dialogues that the model was trained on."""
        seen = set(self.card.get("seen", ()))
        return sum(turn.dialogue_hash in seen for turn in turns)

    def save(self, path: Path | str) -> None:
        """Write a new file. Raises UserError when it exists: nothing is overwritten."""
        target = Path(path)
        if target.exists():
            raise UserError(f"{target}: exists already; give --out a new name")
        header = {"format": FORMAT, "labels": self.labels, "shape": SHAPE, "card": self.card}
        buffer = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(buffer, header=np.frombuffer(orjson.dumps(header), dtype=np.uint8), **arrays)
        write_file(target, [buffer.getvalue()])

    @classmethod
    def load(cls, path: Path | str) -> LinearModel:
        """The model in `path`. Raises DataError when it is missing, is none, or is of another version."""
        again, what = "train it again with 'tactful feedback train'", "feedback model"
        arrays = load_arrays(Path(path), ("header", *_ARRAYS), what=what, again=again)
        try:
            header = _Header.model_validate_json(arrays.pop("header").tobytes())
        except ValidationError as error:
            raise DataError.at(path, None, f"is no {what}: {describe(error, 'header')}", fix=again) from error
        types = {name: np.int64 if name == "buckets" else np.float64 for name in _ARRAYS}
        whole = arrays["buckets"].dtype.kind in "iu"
        read: dict[str, Any] = {name: array.astype(types[name]) for name, array in arrays.items()}
        model = cls(labels=header.labels, card=header.card, **read)
        if header.format != FORMAT or header.shape != SHAPE or not whole or not model._fits():
            raise DataError.at(path, None, f"is a {what} of another version", fix=again)
        return model

    def _fits(self) -> bool:
        """Whether the arrays belong together, and every turn would get a finite probability from them."""
        dense, labels, buckets = len(SHAPE), self.labels, self.buckets
        return (
            len(set(labels)) == len(labels) >= 2
            and self.mean.shape == self.scale.shape == (dense,)
            and self.bias.shape == (len(labels),)
            and buckets.ndim == 1
            and self.weights.shape == (len(labels), dense + len(buckets))
            and bool(np.isin(buckets, range(BUCKETS)).all())
            and len(np.unique(buckets)) == len(buckets)
            and bool((self.scale > _TINY).all())
        )


class _Header(Record):
    """What stands beside the arrays."""

    format: str
    labels: tuple[Label, ...]
    shape: tuple[str, ...]
    card: dict[str, Any] = Field(default_factory=dict)

    @field_validator("card")
    @classmethod
    def _of_dialogues(cls, card: dict[str, Any]) -> dict[str, Any]:
        seen = card.get("seen", [])
        if not isinstance(seen, list) or not all(isinstance(name, str) for name in seen):
            raise ValueError("seen must list dialogues")
        return card


def train_linear(turns: Sequence[LabelledTurn], *, c: float = C, seed: int = 0) -> LinearModel:
    """Fit on labelled turns; seconds on a CPU, deterministic.

    Raises: UserError when there are fewer than two labels.
    """
    from sklearn.linear_model import LogisticRegression

    given = [turn.label7 for turn in turns]
    labels = tuple(label for label in LABELS if label in set(given))
    if len(labels) < 2:
        raise UserError(
            f"training needs turns of at least two labels, found {[str(label) for label in labels]}; "
            "give more labelled turns"
        )
    dense = dense_features([read_turn(turn) for turn in turns])
    spread = dense.std(axis=0)
    mean, scale = dense.mean(axis=0), np.where(spread > 1e-9, spread, 1.0) * np.sqrt(len(SHAPE)) / 2
    words = [hashed_words(heard(turn.user_next)) for turn in turns]
    buckets = np.array(sorted({bucket for row in words for bucket in row}), dtype=np.int64)
    place = {int(bucket): at for at, bucket in enumerate(buckets)}
    hashed = np.zeros((len(turns), len(buckets)))
    for at, row in enumerate(words):
        for bucket, value in row.items():
            hashed[at, place[bucket]] = value
    target = np.array([labels.index(label) for label in given])
    root = {index: (len(target) / count) ** 0.5 for index, count in Counter(target.tolist()).items()}
    fitted = LogisticRegression(C=c, max_iter=300, tol=1e-3, class_weight=root, random_state=seed).fit(
        np.hstack([(dense - mean) / scale, hashed]), target
    )
    weights, bias = fitted.coef_, fitted.intercept_
    if len(labels) == 2:  # scikit-learn keeps one row for two classes; half of it to either side
        weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    card = {
        "turns": len(turns),
        "dialogues": len({turn.dialogue_id for turn in turns}),
        "sources": sorted({turn.source for turn in turns}),
        "labels": {str(label): given.count(label) for label in labels},
        "c": c,
        "seed": seed,
        "seen": sorted({turn.dialogue_hash for turn in turns}),
    }
    return LinearModel(labels, mean, scale, buckets, np.asarray(weights), np.asarray(bias), card)


def dense_features(readings: Sequence[Reading]) -> Floats:
    """(turns, len(SHAPE)); counts and lengths as log(1 + x)."""
    rows = []
    for reading in readings:
        belief = rule_probabilities(reading)
        signals = {name: getattr(reading, name) for name in _SIGNALS}
        rows.append(
            [
                *(np.log1p(reading.kinds.get(kind, 0)) for kind in lex.KINDS),
                *(np.log1p(signals[name]) if name in _COUNTED else signals[name] for name in _SIGNALS),
                *(belief[label] for label in LABELS),
            ]
        )
    return np.array(rows, dtype=float).reshape(len(rows), len(SHAPE))


def hashed_words(text: str) -> dict[int, float]:
    """Bucket → weight of the n-grams of a message, of Euclidean length 1. Equal in every process and Python."""
    tokens = _TOKEN.findall(text.lower().replace("’", "'"))[:_MOST_TOKENS]
    grams = Counter(tokens)
    grams.update(" ".join(pair) for pair in pairwise(tokens))
    grams.update(
        "".join(triple)
        for triple in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if triple[0] >= "㐀" and triple[1] >= "㐀" and triple[2] >= "㐀"
    )
    counts: dict[int, float] = {}
    for gram, count in grams.items():
        bucket = crc32(gram.encode()) % BUCKETS
        counts[bucket] = counts.get(bucket, 0.0) + count
    length = sum(value * value for value in counts.values()) ** 0.5
    return {bucket: value / length for bucket, value in counts.items()}
