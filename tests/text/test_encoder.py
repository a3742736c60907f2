import sys
from types import SimpleNamespace

import numpy as np
import pytest

from tactful.errors import ConfigError, MissingExtra
from tactful.text import open_encoder


def test_the_offline_encoder_gives_unit_rows():
    encoder = open_encoder("ngrams")
    vectors = encoder.encode(["Sort the list", "请排序", ""])
    assert vectors.shape == (3, encoder.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0], atol=1e-6)


def test_the_offline_encoder_puts_reworded_texts_near():
    near, base, far = open_encoder("ngrams").encode(
        ["What is the trip budget?", "Tell me the budget of the trip", "Reverse a linked list"]
    )
    assert base @ near > base @ far + 0.2


def test_no_text_gives_no_rows():
    assert open_encoder("ngrams").encode([]).shape == (0, 1024)


def test_without_the_extra_one_sentence_says_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[encoder\]'"):
        open_encoder()


class FakeModel:
    """Stands for sentence_transformers.SentenceTransformer, which CI does not install."""

    def __init__(self, name):
        if "missing" in name:
            raise OSError(f"{name} is not a local folder\nmore lines")

    def get_sentence_embedding_dimension(self):
        return 2

    device = SimpleNamespace(type="cpu")

    def encode(self, texts, *, batch_size, convert_to_numpy, show_progress_bar):
        return np.array([[3.0, 4.0]] * len(texts))

    def tokenizer(self, texts, *, add_special_tokens, truncation):
        return {"input_ids": [[100 if ord(char) > 127 else ord(char) for char in text] for text in texts]}

    tokenizer.unk_token_id = 100


@pytest.fixture
def installed(monkeypatch):
    module = type(sys)("sentence_transformers")
    module.SentenceTransformer = FakeModel
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)


def test_a_sentence_encoder_gives_unit_rows_too(installed):
    encoder = open_encoder("some/model")
    assert np.allclose(encoder.encode(["a"]), [[0.6, 0.8]])
    assert encoder.encode([]).shape == (0, 2)


def test_a_model_that_cannot_be_loaded_is_named(installed):
    with pytest.raises(ConfigError, match=r"'missing/model'.*not a local folder\);"):
        open_encoder("missing/model")


def test_the_share_of_unknown_tokens_tells_a_language_that_an_encoder_cannot_read(installed):
    encoder = open_encoder("some/model")
    # 2 of 5 characters are outside ASCII, which the fake tokenizer takes for unknown
    assert encoder.unknown_share(["ab", "c门票"]) == pytest.approx(2 / 5)
    assert encoder.unknown_share([""]) == encoder.unknown_share([]) == 0.0
    assert open_encoder("ngrams").unknown_share(["门票"]) == 0.0
