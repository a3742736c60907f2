"""How close predicted messages come to the real one: chrF, n-gram cosine, and sentence embeddings where they can read.

A sentence encoder gives vectors for any text, also for one that it reads as a row of unknown tokens. So the share of
unknown tokens is measured for each language; above `MOST_UNKNOWN` the cosine is left unscored there, unless another
(multilingual) encoder takes that language. chrF and n-grams read every language and are always given.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tactful.errors import ConfigError, MissingExtra
from tactful.text import DEFAULT_ENCODER, Encoder, open_encoder, similarity

COSINE, CHRF, NGRAMS, JUDGE = "cosine", "chrf", "ngrams", "judge"
MOST_UNKNOWN = 0.1
"""Share of unknown tokens from which on an encoder counts as not knowing a language."""
ORDERS = range(1, 7)
BETA = 2.0


def chrf(prediction: str, gold: str) -> float:
    """chrF2 in [0, 1]; higher is closer: F-score of shared character n-grams, recall weighing twice as much.

    n from 1 to 6, white space left out, case kept; precision and recall are averaged over those n that both texts
    have n-grams for. 0.0 where one of them has none at all.
    Source: Popović (2015), chrF; averaged as sacrebleu 2 does, without word n-grams.
    """
    precision = recall = 0.0
    orders = 0
    for said, real in zip(_grams(prediction), _grams(gold), strict=True):
        if not said.total or not real.total:
            continue
        shared = sum((said.counts & real.counts).values())
        precision += shared / said.total
        recall += shared / real.total
        orders += 1
    if not orders or not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


@dataclass(frozen=True)
class _Grams:
    counts: Counter[str]
    total: int


@lru_cache(maxsize=4096)
def _grams(text: str) -> tuple[_Grams, ...]:
    """For each order: n-gram → count, and how many there are."""
    bare = "".join(text.split())
    return tuple(
        _Grams(
            Counter(bare[at : at + size] for at in range(len(bare) - size + 1)), max(0, len(bare) - size + 1)
        )
        for size in ORDERS
    )


@dataclass
class Similarities:
    """Every similarity between predictions and gold messages of known language.

    `prepare` it once with all texts, so that encoders are asked in one batch; then `of` is a look-up.
    """

    encoders: Sequence[Encoder] = ()
    """In order of preference: each takes the languages that it knows and those before it do not."""
    reads: dict[str, Encoder] = field(default_factory=dict)
    """Language → the encoder that takes it."""
    unknown: dict[str, dict[str, float]] = field(default_factory=dict)
    """Language → encoder → share of unknown tokens."""
    _vectors: dict[tuple[str, str], object] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the similarities that are given."""
        return (COSINE, CHRF, NGRAMS) if self.encoders else (CHRF, NGRAMS)

    def prepare(self, texts: Mapping[str, Sequence[str]], gold: Mapping[str, Sequence[str]]) -> None:
        """Choose an encoder for each language by its gold messages, and encode all `texts` (language → texts)."""
        for lang in sorted(texts):
            self.unknown[lang] = {}
            for encoder in self.encoders:
                share = encoder.unknown_share(gold.get(lang, texts[lang]))
                self.unknown[lang][encoder.name] = share
                if share <= MOST_UNKNOWN:
                    self.reads[lang] = encoder
                    break
        wanted: dict[str, dict[str, None]] = defaultdict(dict)
        chosen = {encoder.name: encoder for encoder in self.reads.values()}
        for lang, encoder in self.reads.items():
            wanted[encoder.name].update(dict.fromkeys((*texts[lang], *gold.get(lang, ()))))
        for name, distinct in wanted.items():
            rows = chosen[name].encode(list(distinct))
            self._vectors.update({(name, text): row for text, row in zip(distinct, rows, strict=True)})

    def of(self, measure: str, prediction: str, gold: str, lang: str) -> float | None:
        """The similarity in [0, 1] (cosine: [−1, 1]); None where no encoder knows the language."""
        if measure == CHRF:
            return chrf(prediction, gold)
        if measure == NGRAMS:
            return similarity(prediction, gold)
        encoder = self.reads.get(lang)
        if encoder is None:
            return None
        one, other = self._vectors[encoder.name, prediction], self._vectors[encoder.name, gold]
        return float(one @ other)  # type: ignore[operator]


AUTO, NONE = "auto", "none"


def open_encoders(name: str = AUTO, multilingual: str | None = None) -> tuple[list[Encoder], list[str]]:
    """The sentence encoders, and in words what stands in where there is none.

    `auto`: the usual one where it is installed; `none`; else a name or folder, which must load.

    Raises: MissingExtra, ConfigError for a named encoder that cannot be opened.
    """
    encoders: list[Encoder] = []
    notes: list[str] = []
    if name == AUTO:
        try:
            encoders.append(open_encoder(DEFAULT_ENCODER))
        except (MissingExtra, ConfigError) as error:
            notes.append(
                f"No sentence embeddings: {error}. chrF and character n-grams measure similarity here."
            )
    elif name != NONE:
        encoders.append(open_encoder(name))
    if multilingual is not None:
        encoders.append(open_encoder(multilingual))
    return encoders, notes
