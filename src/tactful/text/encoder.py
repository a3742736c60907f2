"""Sentences as vectors: a sentence encoder where the extra is installed, hashed n-grams where asked for by name."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tactful.errors import ConfigError, MissingExtra
from tactful.text.similarity import gram_sizes, ngram_counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
NGRAMS = "ngrams"
_CPU_BATCH = 8  # as fast as 32 on a CPU, and the process stays 90 MB smaller (1,700 texts of 150 characters)
_GPU_BATCH = 64


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    name: str
    dimensions: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array (len(texts), dimensions); rows have length 1, or 0 for a text with nothing to encode."""
        ...

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of the tokens of `texts` that the encoder has no word for, in [0, 1]; 0.0 without any token.

        An encoder that reads a language as unknown tokens still gives vectors: they mean nothing.
        """
        ...


class NgramEncoder:
    """Character n-grams hashed into `dimensions` buckets: no model, no network, any language.

    Close to `text.similarity` in what it sees; it knows nothing of meaning.
    """

    name = NGRAMS

    def __init__(self, dimensions: int = 1024) -> None:
        self.dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array (len(texts), dimensions), float32, rows L2-normalised. Equal in every process and Python."""
        import numpy as np

        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for gram, count in ngram_counts(text, gram_sizes(text)).items():
                hashed = zlib.crc32(gram.encode())
                row[hashed % self.dimensions] += count if hashed & 0x80000000 else -count
        return _unit_rows(vectors)

    def unknown_share(self, texts: Sequence[str]) -> float:
        """0.0: every character can be part of a gram."""
        return 0.0


class SentenceEncoder:
    """A sentence-transformers model from the Hub or a folder."""

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self._model = model
        # Renamed in sentence-transformers 6; version 5 knows the older name alone.
        measure = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
        self.dimensions = int(measure())

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array (len(texts), dimensions), float32, rows L2-normalised."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(
            list(texts),
            batch_size=_CPU_BATCH if self._model.device.type == "cpu" else _GPU_BATCH,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return _unit_rows(np.asarray(vectors, dtype=np.float32))

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Share of unknown tokens, by the model's own tokenizer; 0.0 for one that knows every byte."""
        tokenizer = self._model.tokenizer
        unknown = getattr(tokenizer, "unk_token_id", None)
        if unknown is None or not texts:
            return 0.0
        rows = tokenizer(list(texts), add_special_tokens=False, truncation=True)["input_ids"]
        tokens = [token for row in rows for token in row]
        return tokens.count(unknown) / len(tokens) if tokens else 0.0


def open_encoder(name_or_path: str | Path = DEFAULT_ENCODER) -> Encoder:
    """The encoder of that name or folder; `ngrams` is the offline one, used only when asked for by name.

    Raises: MissingExtra without the extra `encoder`; ConfigError when the model cannot be loaded.
    """
    name = str(name_or_path)
    if name == NGRAMS:
        return NgramEncoder()
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtra(
            "encoder", f"the sentence encoder '{name}' (the offline one is '{NGRAMS}')"
        ) from error
    try:
        return SentenceEncoder(name, SentenceTransformer(name))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"cannot load the sentence encoder '{name}' ({str(error).splitlines()[0]}); "
            f"give a folder that holds it, or '{NGRAMS}' for the offline one"
        ) from error


def _unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
