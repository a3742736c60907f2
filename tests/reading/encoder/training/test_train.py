from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.reading.encoder.tiny import card_with, changed, rows, tiny_base

from tactful.errors import DataError, UserError
from tactful.reading import Exchange, Request
from tactful.reading.encoder.inputs import Shown
from tactful.reading.encoder.training.learning import LearningSettings
from tactful.reading.labelled import Labelled
from tactful.types import Event, Moment

pytest.importorskip("torch", reason="training a reader needs the extra [train]")
pytest.importorskip("transformers", reason="training a reader needs the extra [train]")

from tactful.reading.encoder.network import Outputs
from tactful.reading.encoder.reader import EncoderReader
from tactful.reading.encoder.training import train
from tactful.reading.encoder.training.train import train_encoder

QUICK = LearningSettings(epochs=12, learning_rate=3e-3, batch=16, threads=1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "bert")


@pytest.fixture(scope="module")
def folder(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("reader") / "reader"
    train_encoder(
        rows("ann"),
        rows("bob", 6),
        base,
        out,
        words={"取消": "cancel", "它": "it"},
        glosses={"es": {"cancela": "cancel", "lo": "it"}},
        settings=QUICK,
    )
    return out


def test_a_reader_learns_the_three_judgements_and_reads_them_back_from_its_folder(folder: Path) -> None:
    reader = EncoderReader.load(folder)
    open_one, complete = reader.needs_now([Request(text="cancel it"), Request(text="cancel the order")])
    assert open_one.need > 0.5 > complete.need
    assert open_one.missing[0].kind == "context"
    assert complete.missing == ()
    wrong, thanks = reader.reactions_now(
        [Exchange(query="book a room", answer="done", next=text) for text in ("wrong", "thanks great")]
    )
    assert (wrong.label, thanks.label) == ("neg_correction", "pos_praise")
    assert wrong.complaint > 0.5 > thanks.complaint
    assert sum(wrong.probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_the_same_offer_is_welcome_after_a_failure_and_not_after_a_save(folder: Path) -> None:
    reader = EncoderReader.load(folder)

    def at(event: str, proposal: str | None) -> float:
        moment = Moment(id="m", session="s", events=(Event(text=event),), proposal=proposal)
        return reader.offers_now([moment])[0].accept

    assert at("test failed red", "fix the test") > at("test save done", "fix the test")
    assert at("test save done", None) > at("test failed red", None)


def test_an_added_word_reads_like_its_gloss(folder: Path) -> None:
    heads = EncoderReader.load(folder).card.model_dump()["heads"]
    heads["need"]["farthest"] = 1e6
    card_with(folder, scripts=["LATIN", "CJK"], heads=heads)
    chinese, english = EncoderReader.load(folder).needs_now(
        [Request(text="取消它"), Request(text="cancel it")]
    )
    assert chinese.need > 0.5
    assert english.need > 0.5


def test_a_word_of_another_language_reads_exactly_like_its_gloss(folder: Path) -> None:
    heads = EncoderReader.load(folder).card.model_dump()["heads"]
    heads["need"]["farthest"] = 1e6
    card_with(folder, scripts=["LATIN"], common=[], heads=heads)
    spanish, english = EncoderReader.load(folder).needs_now(
        [Request(text="cancela lo"), Request(text="cancel it")]
    )
    assert spanish.need == pytest.approx(english.need, abs=1e-6)


def test_a_card_that_names_a_file_outside_its_folder_is_refused(folder: Path) -> None:
    files = EncoderReader.load(folder).card.model_dump()["files"]
    card_with(folder, files={**files, "../elsewhere": "0" * 64})
    with pytest.raises(DataError, match="own folder"):
        EncoderReader.load(folder)
    card_with(folder, files=files)


def test_a_text_in_another_script_is_not_known(folder: Path) -> None:
    card_with(folder, scripts=["LATIN"])
    need = EncoderReader.load(folder).needs_now([Request(text="отмени это")])[0]
    assert need.need is None
    assert "Cyrillic" in need.unknown


def test_with_nothing_to_train_on_nothing_is_begun(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no labelled text is left to train on"):
        train_encoder(rows("ann").by(()), rows("bob", 2), base, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_with_one_text_a_label_nothing_is_begun(base: Path, tmp_path: Path) -> None:
    many = rows("ann")
    few = Labelled(requests=many.requests[:2] + many.requests[:2], followups=many.followups)
    assert {row.label for row in few.requests} == {"open", "complete"}
    with pytest.raises(UserError, match="of the requests to train on each label has one text alone"):
        train_encoder(few, rows("bob", 2), base, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_writer_on_both_sides_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"writers \['ann'\]"):
        train_encoder(rows("ann"), rows("ann"), base, tmp_path / "out")


@pytest.mark.parametrize("name", ["reader.onnx", "tokenizer.json", "scope.npz"])
def test_a_changed_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    import shutil

    copy = shutil.copytree(folder, tmp_path / "copy")
    changed(copy, name)
    with pytest.raises(DataError, match="changed or damaged"):
        EncoderReader.load(copy)


def test_training_twice_gives_the_same_losses(base: Path, tmp_path: Path) -> None:
    short = QUICK.model_copy(update={"epochs": 1})
    one, two = (
        train_encoder(rows("ann", 4), rows("bob", 2), base, tmp_path / name, settings=short) for name in "ab"
    )
    assert one.training["losses"] == two.training["losses"]


def test_of_many_training_texts_some_show_where_they_lie(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = []

    class Watched(train.Network):
        def run(self, shown: Sequence[Shown], heads: Sequence[str]) -> Outputs:
            if not heads:  # only the vectors are asked for
                placed.append(len(shown))
            return super().run(shown, heads)

    monkeypatch.setattr(train, "Network", Watched)
    monkeypatch.setattr(train, "PLACED", 10)
    short = QUICK.model_copy(update={"epochs": 1})
    card = train_encoder(rows("ann"), rows("bob", 6), base, tmp_path / "reader", settings=short)
    assert max(placed) == 10
    assert len(placed) == len(card.heads)
    assert EncoderReader.load(tmp_path / "reader").needs_now([Request(text="cancel it")])[0].need is not None


def test_reading_needs_no_torch(folder: Path) -> None:
    import subprocess

    code = (
        "import sys; from tactful.reading.encoder.reader import EncoderReader; from tactful.reading import Request\n"
        f"EncoderReader.load({str(folder)!r}).needs_now([Request(text='cancel it')]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
