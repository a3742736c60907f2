"""A reader from a language model: a few real steps, its folder opened again, measured and calibrated like the others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.reading.encoder.tiny import rows
from tests.training.wordy import wordy_model

import tactful as tf
from tactful.errors import DataError, UserError
from tactful.reading import Exchange, Request
from tactful.reading.encoder.training.learning import LearningSettings
from tactful.reading.opening import open_reader
from tactful.reading.tuned.inputs import MOST, SHOWN, ModelTokens
from tactful.types import Event, Moment

pytestmark = pytest.mark.timeout(600)  # the first import of the trainers takes long on a busy machine
QUICK = LearningSettings(epochs=6, learning_rate=2e-2, batch=16)


@pytest.fixture(scope="module")
def base(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = [
        "cancel it",
        "cancel the order",
        "wrong",
        "thanks great",
        "test failed red",
        "save done",
        "User: ",
    ]
    return wordy_model(tiny, tmp_path_factory.mktemp("words") / "model", texts)


@pytest.fixture(scope="module")
def folder(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tactful.reading.tuned.training import Adapters, train_tuned

    out = tmp_path_factory.mktemp("reader") / "reader"
    adapters = Adapters(layers=1, rank=4)
    train_tuned(rows("ann"), rows("bob", 6), str(base), out, adapters=adapters, settings=QUICK)
    return out


def test_it_learns_and_reads_the_same_from_its_folder(folder: Path) -> None:
    reader, again = open_reader(str(folder)), open_reader(str(folder))
    asked = [Request(text="cancel it"), Request(text="cancel the order")]
    open_one, complete = reader.needs_now(asked)
    assert open_one.need > complete.need
    assert again.needs_now(asked) == [open_one, complete]
    assert reader.name.startswith("tuned:")
    [wrong] = reader.reactions_now([Exchange(query="book a room", answer="done", next="wrong")])
    assert sum(wrong.probabilities.values()) == pytest.approx(1, abs=1e-5)
    moment = Moment(id="m", session="s", events=(Event(text="test failed red"),), proposal="fix the test")
    silence = moment.model_copy(update={"proposal": None})
    assert all(0 < one.accept < 1 for one in reader.offers_now([moment, silence]))


def test_what_is_read_does_not_depend_on_its_neighbours(folder: Path) -> None:
    reader = open_reader(str(folder))
    texts = [
        "cancel it",
        "cancel the order",
        "cancel the order, the one for room two, and not the other one now",
    ]
    shown = [reader.show.request(Request(text=text), reader._tokens) for text in texts]
    together = reader._network.run(shown, ("need",)).logits["need"]
    alone = [reader._network.run([one], ("need",)).logits["need"][0] for one in shown]
    assert np.allclose(together, alone, atol=1e-4)


def test_foreign_letters_and_blanks_are_not_known(folder: Path) -> None:
    reader = open_reader(str(folder))
    blank, greek = reader.needs_now([Request(text=" "), Request(text="ακύρωσε την κράτηση")])
    assert blank.need is None
    assert "letters" in greek.unknown


def test_only_adapters_on_the_uppermost_layers_and_the_heads_learn(base: Path) -> None:
    from tactful.reading.tuned.network import new_network
    from tactful.weights import load_base

    network = new_network(load_base(str(base)), layers=1, rank=2)
    learns = {name for name, weight in network.named_parameters() if weight.requires_grad}
    assert all(".layers.1." in name or name.startswith("heads.") for name in learns)
    assert any("lora_A" in name for name in learns)


def test_before_training_the_logits_are_the_models_own_scores_of_the_answers(base: Path) -> None:
    import torch

    from tactful.reading.tuned.inputs import ANSWERS
    from tactful.reading.tuned.network import TorchRuns, new_network
    from tactful.weights import load_base

    loaded = load_base(str(base))
    shown = SHOWN.request(Request(text="cancel it"), ModelTokens(loaded.tokenizer))
    scores = loaded.model(input_ids=torch.tensor([shown.ids])).logits[0, -1]
    wanted = [
        float(scores[loaded.tokenizer(word, add_special_tokens=False)["input_ids"]].mean())
        for word in ANSWERS["need"]
    ]
    found = TorchRuns(new_network(loaded, layers=1, rank=2)).run([shown], ("need",)).logits["need"][0]
    assert np.allclose(found, wanted, atol=1e-5)


def test_inputs_stay_short_and_end_with_the_question(base: Path) -> None:
    from tactful.weights import load_tokenizer

    tokens = ModelTokens(load_tokenizer(base))
    long = "cancel the order " * 400
    events = tuple(Event(text=long) for _ in range(12))
    for shown in (
        SHOWN.request(Request(text=long), tokens),
        SHOWN.exchange(Exchange(query=long, answer=long, next=long), tokens),
        SHOWN.moment(Moment(id="m", session="s", events=events, proposal=long), tokens),
        SHOWN.moment(Moment(id="m", session="s", events=events, proposal=None), tokens),
    ):
        assert len(shown.ids) <= MOST
        assert tokens.tokenizer.decode(shown.ids).endswith(("Answer:", "It is"))


def test_it_is_measured_with_its_base_and_calibrated_like_the_encoder(folder: Path, tmp_path: Path) -> None:
    from tactful.evaluation.readers.footprint import _files

    files = {path.name for path in _files(str(folder))}
    assert {"model.safetensors", "adapter_model.safetensors", "heads.safetensors"} <= files
    labels = tmp_path / "mine.jsonl"
    own = [
        {"text": "cancel it" if at % 2 else "cancel the order", "label": "open" if at % 2 else "complete"}
        for at in range(60)
    ]
    labels.write_text("".join(json.dumps({**row, "id": str(at)}) + "\n" for at, row in enumerate(own)))
    fitted = tf.calibrate_reader(labels, out=tmp_path / "own", reader=str(folder))
    assert fitted["need"] == 60
    assert open_reader(str(tmp_path / "own")).needs_now([Request(text="cancel it")])[0].need is not None


def test_a_changed_file_or_another_base_is_refused(folder: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(folder, tmp_path / "changed")
    (tmp_path / "changed" / "heads.safetensors").write_bytes(b"x")
    with pytest.raises(DataError, match="does not match the hash"):
        open_reader(str(tmp_path / "changed"))
    from tactful.reading.tuned.reader import TUNED_FILE, TunedFile, base_of

    tuned = TunedFile.model_validate_json((folder / TUNED_FILE).read_bytes())
    with pytest.raises(UserError, match="with other weights"):
        base_of(folder, tuned.model_copy(update={"base_fingerprint": "0"}))


def test_a_base_without_a_chat_template_is_trained_and_read(base: Path, tmp_path: Path) -> None:
    import shutil

    from tactful.reading.tuned.training import Adapters, train_tuned
    from tactful.weights import load_base, load_tokenizer

    plain = tmp_path / "plain"
    shutil.copytree(base, plain)
    tokenizer = load_tokenizer(base)
    tokenizer.chat_template = None
    (plain / "chat_template.jinja").unlink(missing_ok=True)
    tokenizer.save_pretrained(plain)
    with pytest.raises(UserError, match="no chat template"):
        load_base(str(plain))
    quick = QUICK.model_copy(update={"epochs": 1})
    adapters = Adapters(layers=1, rank=2)
    train_tuned(
        rows("ann", 4), rows("bob", 2), str(plain), tmp_path / "out", adapters=adapters, settings=quick
    )
    assert open_reader(str(tmp_path / "out")).needs_now([Request(text="cancel it")])[0].need is not None


def test_a_base_without_layers_to_adapt_is_refused(base: Path) -> None:
    from tactful.reading.tuned.network import new_network
    from tactful.weights import load_base

    with pytest.raises(UserError, match="give another --base"):
        new_network(load_base(str(base)), layers=0, rank=2)
