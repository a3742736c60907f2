from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.reading.encoder.tiny import card_with, changed, rows, tiny_base

from tactful.errors import DataError, UserError
from tactful.reading import Request
from tactful.reading.encoder.training.learning import LearningSettings

pytest.importorskip("torch", reason="training a reader needs the extra [train]")
pytest.importorskip("transformers", reason="training a reader needs the extra [train]")

import torch

from tactful.reading.encoder.card import read_card
from tactful.reading.encoder.examples import examples_of
from tactful.reading.encoder.network import Network
from tactful.reading.encoder.reader import NETWORK_FILE, WEIGHTS, EncoderReader
from tactful.reading.encoder.tokens import Tokens
from tactful.reading.encoder.training.restore import restore_network
from tactful.reading.encoder.training.torch_network import as_tensors
from tactful.reading.encoder.training.train import continue_encoder, train_encoder
from tactful.reading.labelled import Labelled

QUICK = LearningSettings(epochs=12, learning_rate=3e-3, batch=16, threads=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("reader")
    train_encoder(rows("ann"), rows("bob", 6), tiny_base(place / "bert"), place / "reader", settings=QUICK)
    return place / "reader"


@pytest.mark.parametrize("shipped", [False, True])
def test_a_network_taken_back_into_torch_gives_what_its_file_gives(folder: Path, shipped: bool) -> None:
    place = WEIGHTS if shipped else folder
    examples = examples_of(rows("cyd", 3), Tokens.load(place / "tokenizer.json"))
    network = restore_network(place / NETWORK_FILE).eval()
    heads = ("need", "reaction", "accept")
    of_file = Network(place / NETWORK_FILE).run([one.shown for one in examples], heads)
    with torch.no_grad():
        here = [network(*as_tensors(torch, [one.shown])) for one in examples]
    for head in heads:
        away = np.abs(
            _chances(np.vstack([one[head].numpy() for one in here])) - _chances(of_file.logits[head])
        )
        assert away.mean() < 0.05  # activations in the file are int8


def test_a_reader_that_learns_further_takes_up_what_its_labels_say_and_keeps_the_rest(
    folder: Path, tmp_path: Path
) -> None:
    said = rows("cyd", 12)
    turned = said.requests[0].model_copy(update={"label": "open", "text": "book a room", "group": "own"})
    own = type(said)(
        tuple(turned.model_copy(update={"id": f"own-{n}", "group": f"own-{n}"}) for n in range(24))
    )
    known = EncoderReader.load(folder).card.fingerprint
    card = continue_encoder(said + own, rows("bob", 6), folder, tmp_path / "out", stays=0.2, settings=QUICK)
    before, after = boundless(folder), boundless(tmp_path / "out")
    asked = [Request(text="book a room"), Request(text="cancel it"), Request(text="cancel the order")]
    (room, _, _), (room_now, it, order) = before.needs_now(asked), after.needs_now(asked)
    assert room_now.need > max(0.5, room.need)
    assert it.need > 0.5 > order.need
    told = card.training["continues"]
    assert (told["fingerprint"], told["stays"]) == (known, 0.2)
    assert told["training"]["writers"] == ["ann"]


def test_scripts_and_words_that_a_reader_knew_stay_known_when_it_learns_further(
    folder: Path, tmp_path: Path
) -> None:
    knew = Path(shutil.copytree(folder, tmp_path / "knew"))
    common = EncoderReader.load(folder).card.common
    card_with(knew, scripts=["KATAKANA", "LATIN"], common=[*common, "ordinateur"])
    quick = QUICK.model_copy(update={"epochs": 1})
    card = continue_encoder(rows("cyd", 2), rows("bob", 6), knew, tmp_path / "out", settings=quick)
    assert card.scripts == ("KATAKANA", "LATIN")
    assert {*common, "ordinateur"} <= set(card.common)
    assert len(card.common) == len(set(card.common))


def test_where_all_weights_stay_the_network_stays(folder: Path, tmp_path: Path) -> None:
    quick = QUICK.model_copy(update={"epochs": 1})
    continue_encoder(rows("cyd", 2), rows("bob", 6), folder, tmp_path / "out", stays=1.0, settings=quick)
    before, after = (
        restore_network(place / NETWORK_FILE).state_dict() for place in (folder, tmp_path / "out")
    )
    for name, value in before.items():
        assert torch.allclose(value, after[name], atol=1e-5), name


def test_where_nobody_calibrates_the_calibration_of_before_stands_and_that_is_told(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quick = QUICK.model_copy(update={"epochs": 1})
    card = continue_encoder(rows("cyd", 2), Labelled(), folder, tmp_path / "out", stays=1.0, settings=quick)
    before = read_card(folder)
    assert {head: one.sharpness for head, one in card.heads.items()} == {
        head: one.sharpness for head, one in before.heads.items()
    }
    assert "need: no writer calibrates it, so that its probabilities are calibrated as before" in caplog.text


def test_a_damaged_reader_learns_no_further_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    changed(copy, NETWORK_FILE)
    with pytest.raises(DataError, match="changed or damaged"):
        continue_encoder(rows("cyd", 2), rows("bob", 2), copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_flags_of_learning_further_are_refused_for_an_encoder_alone(tmp_path: Path) -> None:
    import tactful as tf

    with pytest.raises(UserError, match="--base encoder"):
        tf.train_reader(base=tmp_path / "bert", out=tmp_path / "out", share=0.5)


def boundless(folder: Path) -> EncoderReader:
    """The reader in there, for which no text is too far away."""
    heads = EncoderReader.load(folder).card.model_dump()["heads"]
    card_with(folder, heads={name: {**head, "farthest": 1e6} for name, head in heads.items()})
    return EncoderReader.load(folder)


def test_a_tuned_language_model_is_refused_as_a_base_to_learn_further_from(tmp_path: Path) -> None:
    import tactful as tf

    for name in ("card.json", "tuned.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(UserError, match="learns no further"):
        tf.train_reader(base=tmp_path, out=tmp_path / "out")


def _chances(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
