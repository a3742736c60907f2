"""The linear model that users train on labelled turns of their own."""

import pickle
import resource
import zipfile
from dataclasses import replace

import numpy as np
import orjson
import pytest

from tactful.errors import DataError, UserError
from tactful.evaluation.feedback.probes import load_probes
from tactful.feedback.embedded import open_embedded
from tactful.feedback.embedded.linear import LinearModel, train_linear
from tactful.feedback.labels import Label
from tactful.types import content_hash

TURNS = [probe.turn() for probe in load_probes() if probe.part == "look"]


@pytest.fixture(scope="module")
def model() -> LinearModel:
    return train_linear(TURNS)


def test_a_saved_model_judges_the_same_when_loaded(model, tmp_path):
    model.save(tmp_path / "judge.npz")
    again = open_embedded(tmp_path / "judge.npz")
    assert again.model is not None
    assert np.array_equal(again.model.probabilities(TURNS), model.probabilities(TURNS))
    assert again.name == f"embedded:{model.fingerprint}"


def test_training_twice_gives_the_same_model(model):
    assert train_linear(TURNS).fingerprint == model.fingerprint


def test_probabilities_sum_to_one_also_for_no_turns(model):
    assert np.allclose(model.probabilities(TURNS).sum(axis=1), 1)
    assert model.probabilities([]).shape == (0, 7)


def test_two_labels_are_enough_and_one_is_not():
    two = [turn for turn in TURNS if turn.label7 in (Label.POS_PRAISE, Label.NEG_CONFUSION)]
    fitted = train_linear(two)
    assert fitted.weights.shape[0] == 2
    best = [fitted.labels[at] for at in fitted.probabilities(two).argmax(axis=1)]
    assert np.mean([one is turn.label7 for one, turn in zip(best, two, strict=True)]) > 0.95
    with pytest.raises(UserError, match="at least two labels, found"):
        train_linear([turn for turn in two if turn.label7 is Label.POS_PRAISE])


def test_the_model_knows_which_dialogues_it_has_seen(model):
    fresh = [probe.turn() for probe in load_probes() if probe.part == "check"]
    assert model.knows(TURNS) == len(TURNS)
    assert model.knows(fresh) == 0


def test_an_existing_file_is_never_overwritten(model, tmp_path):
    (tmp_path / "judge.npz").write_text("mine")
    with pytest.raises(UserError, match="exists already"):
        model.save(tmp_path / "judge.npz")


class Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was executed",))


def test_a_pickle_is_refused_without_running_it(tmp_path):
    path = tmp_path / "judge.npz"
    path.write_bytes(pickle.dumps(Boom()))
    with pytest.raises(DataError, match="feedback train"):
        LinearModel.load(path)


def test_a_pickled_array_inside_the_npz_is_refused(tmp_path):
    path = tmp_path / "judge.npz"
    np.savez(path, header=np.array([Boom()], dtype=object))
    with pytest.raises(DataError, match="is no feedback model"):
        LinearModel.load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 torn"])
def test_a_torn_or_foreign_file_is_refused_with_the_next_move(content, tmp_path):
    path = tmp_path / "judge.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"judge\.npz: .*train it again"):
        LinearModel.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz: cannot read"):
        LinearModel.load(tmp_path / "none.npz")


def test_hashing_does_not_depend_on_the_process():
    from tactful.feedback.embedded.linear import hashed_words

    found = hashed_words("Great, now 再来一个?")
    assert content_hash(repr(sorted(found.items()))) == content_hash(
        repr(sorted(hashed_words("great, now 再来一个?").items()))
    )
    assert sum(value**2 for value in found.values()) == pytest.approx(1)


@pytest.mark.slow
def test_an_npz_that_unpacks_to_gigabytes_is_refused_by_its_header(tmp_path):
    began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("header.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(80):
            member.write(bytes(1 << 20))
    with pytest.raises(DataError, match="unpacks to 83,886,080 bytes; at most"):
        LinearModel.load(tmp_path / "bomb")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - began < 50_000  # KB


def test_an_array_that_says_it_is_larger_than_its_file_is_refused(tmp_path):
    said = b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,), }" % (1 << 45)
    with zipfile.ZipFile(tmp_path / "liar", "w") as archive:
        archive.writestr("header.npy", b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said)
    with pytest.raises(DataError, match="is no feedback model"):
        LinearModel.load(tmp_path / "liar")


@pytest.mark.parametrize("part", ["mean", "scale", "weights", "bias"])
def test_models_that_judge_differently_have_other_fingerprints(model, part):
    assert replace(model, **{part: getattr(model, part) + 0.1}).fingerprint != model.fingerprint


def test_other_labels_or_other_words_have_other_fingerprints(model):
    assert replace(model, labels=model.labels[::-1]).fingerprint != model.fingerprint
    assert replace(model, buckets=model.buckets + 1).fingerprint != model.fingerprint


def changed(model, path, *, header=None, **arrays):
    """The model's file with other arrays, or with another header."""
    model.save(path)
    with np.load(path) as stored:
        kept = {name: stored[name] for name in stored.files} | arrays
    if header is not None:
        said = orjson.loads(kept["header"].tobytes()) | header if isinstance(header, dict) else header
        kept["header"] = np.frombuffer(orjson.dumps(said), dtype=np.uint8)
    with path.open("wb") as file:
        np.savez_compressed(file, **kept)
    return path


@pytest.mark.parametrize(
    "header",
    [
        [1],
        "x",
        None,
        {"labels": None},
        {"labels": "abc"},
        {"labels": ["pos_praise"]},
        {"labels": ["pos_praise"] * 7},
        {"shape": 5},
        {"shape": [[1]]},
        {"card": [1]},
        {"card": None},
        {"card": {"seen": 3}},
        {"card": {"seen": [[1]]}},
        {"format": ["x"]},
        {"format": "tactful-feedback-linear-0"},
    ],
)
def test_a_header_of_a_stranger_is_refused_in_one_sentence(header, model, tmp_path):
    path = changed(model, tmp_path / "judge.npz", header=header if header is not None else [None])
    with pytest.raises(DataError, match=r"judge\.npz: is (no|a) feedback model[^\n]*; train it again[^\n]*$"):
        LinearModel.load(path)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("weights", lambda array: array.astype("U8")),
        ("weights", np.transpose),
        ("weights", lambda array: array[:0]),
        ("weights", lambda array: array * np.nan),
        ("weights", lambda array: np.full_like(array, 1e300)),
        ("scale", lambda array: array * 0),
        ("scale", lambda array: -array),
        ("scale", lambda array: array * 1e-300),
        ("buckets", lambda array: np.array(3)),
        ("buckets", lambda array: array[None]),
        ("buckets", lambda array: array.astype(float)),
        ("buckets", lambda array: -array - 1),
        ("buckets", lambda array: array + 10**6),
        ("buckets", np.zeros_like),
    ],
)
def test_arrays_that_no_training_gives_are_refused(part, change, model, tmp_path):
    path = changed(model, tmp_path / "judge.npz", **{part: change(getattr(model, part))})
    with pytest.raises(DataError, match=r"judge\.npz: is (no|a) feedback model[^\n]*; train it again"):
        LinearModel.load(path)
