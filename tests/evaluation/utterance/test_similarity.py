from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tactful.evaluation.utterance.similarity import CHRF, COSINE, NGRAMS, Similarities, chrf
from tactful.text import open_encoder


class FakeEncoder:
    """Knows ASCII alone; a text's vector is its first letter's."""

    dimensions = 26

    def __init__(self, name: str = "fake", *, knows_all: bool = False) -> None:
        self.name = name
        self.asked: list[str] = []
        self._knows_all = knows_all

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([np.eye(26)[ord(text[:1].lower() or "a") % 26] for text in texts], dtype=np.float32)

    def unknown_share(self, texts: Sequence[str]) -> float:
        letters = "".join(texts)
        unknown = sum(ord(char) > 127 for char in letters)
        return 0.0 if self._knows_all or not letters else unknown / len(letters)


def test_chrf_by_hand_where_both_texts_are_equally_long() -> None:
    # abc, abd. n=1: a and b of 3; n=2: ab of 2; n=3: none of 1; longer: no n-grams.
    # precision = recall = (2/3 + 1/2 + 0) / 3 = 7/18, and so is F.
    assert chrf("abc", "abd") == pytest.approx(7 / 18)


def test_chrf_by_hand_where_recall_weighs_twice() -> None:
    # ab, abcd. n=1: P 1, R 2/4; n=2: P 1, R 1/3; n=3: the prediction has none, left out.
    # P = 1, R = (1/2 + 1/3) / 2 = 5/12, F2 = 5·P·R / (4·P + R) = (25/12) / (53/12) = 25/53.
    assert chrf("ab", "abcd") == pytest.approx(25 / 53)
    assert chrf("abcd", "ab") > chrf("ab", "abcd")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("same text", "same text", 1.0),
        ("a b\tc", "abc", 1.0),
        ("", "abc", 0.0),
        ("abc", " ", 0.0),
        ("门票", "门票", 1.0),
        ("ab", "xy", 0.0),
    ],
)
def test_chrf_at_its_ends(one: str, other: str, expected: float) -> None:
    assert chrf(one, other) == expected


def test_without_an_encoder_chrf_and_ngrams_are_given_and_named() -> None:
    similarities = Similarities()
    similarities.prepare({"en": ["a hotel"]}, {"en": ["a hotel"]})
    assert similarities.measures == (CHRF, NGRAMS)
    assert similarities.of(CHRF, "a hotel", "a hotel", "en") == 1.0
    assert similarities.of(NGRAMS, "a hotel", "A HOTEL!", "en") == pytest.approx(1.0)


def test_a_language_that_the_encoder_cannot_read_is_unscored_by_it() -> None:
    encoder = FakeEncoder()
    similarities = Similarities([encoder])
    similarities.prepare({"en": ["hi"], "zh": ["门票"]}, {"en": ["hello"], "zh": ["门票多少钱"]})
    assert similarities.unknown == {"en": {"fake": 0.0}, "zh": {"fake": 1.0}}
    assert similarities.of(COSINE, "hi", "hello", "en") == 1.0
    assert similarities.of(COSINE, "门票", "门票多少钱", "zh") is None
    assert set(encoder.asked) == {"hi", "hello"}


def test_another_encoder_takes_the_languages_that_the_first_does_not_know() -> None:
    similarities = Similarities([FakeEncoder("small"), FakeEncoder("multilingual", knows_all=True)])
    similarities.prepare({"en": ["hi"], "zh": ["门票"]}, {"en": ["hello"], "zh": ["门票"]})
    assert {lang: encoder.name for lang, encoder in similarities.reads.items()} == {
        "en": "small",
        "zh": "multilingual",
    }
    assert similarities.of(COSINE, "门票", "门票", "zh") == 1.0


def test_the_offline_encoder_serves_as_one_too() -> None:
    similarities = Similarities([open_encoder("ngrams")])
    similarities.prepare({"zh": ["门票多少"]}, {"zh": ["门票多少钱"]})
    value = similarities.of(COSINE, "门票多少", "门票多少钱", "zh")
    assert value is not None
    assert 0.5 < value < 1.0
