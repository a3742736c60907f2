"""A folder that says that it is a reader, its hashes right, and its files a stranger's."""

import hashlib
import io
import json
import shutil

import numpy as np
import pytest

from tactful.data.corpora.types import RequestRow
from tactful.errors import DataError, UserError
from tactful.reading import Request
from tactful.reading.encoder.reader import WEIGHTS
from tactful.reading.encoder.recalibration import recalibrate
from tactful.reading.labelled import Labelled
from tactful.reading.opening import open_reader

NETWORK = (WEIGHTS / "reader.onnx").read_bytes()


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(WEIGHTS, tmp_path / "mine")
    return tmp_path / "mine"


def swap(folder, name, content):
    """The file, and its hash on the card."""
    (folder / name).write_bytes(content)
    card = json.loads((folder / "card.json").read_text())
    card["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def scope(**changes):
    with np.load(WEIGHTS / "scope.npz") as file:
        arrays = {name: file[name] for name in file.files}
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        **{name: change(arrays[name]) for name, change in changes.items()}
        | {name: array for name, array in arrays.items() if name not in changes},
    )
    return buffer.getvalue()


def test_a_copy_of_the_bundled_reader_reads_as_it_does(folder):
    request = Request(text="Set a timer.")
    assert open_reader(str(folder)).needs_now([request]) == open_reader().needs_now([request])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("reader.onnx", b""),
        ("reader.onnx", b"hello"),
        ("reader.onnx", NETWORK[: len(NETWORK) // 2]),
        ("tokenizer.json", b""),
        ("tokenizer.json", b"{}"),
        ("tokenizer.json", b"[" * 100_000),
        ("tokenizer.json", b'{"model": "\xff"}'),
        ("glosses.tsv", b"no tabs\n"),
        ("glosses.tsv", b"\xff\xfe\n"),
        ("scope.npz", b"hello"),
        ("scope.npz", scope(need_whiten=np.transpose)),
        ("scope.npz", scope(need_whiten=lambda array: array[:10])),
        ("scope.npz", scope(need_means=lambda array: array[:0])),
        ("scope.npz", scope(need_means=lambda array: np.array(3.0))),
        ("scope.npz", scope(accept_means=lambda array: array * np.nan)),
        ("scope.npz", scope(accept_means=lambda array: array.astype(object))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_part_of_a_reader_is_refused_in_one_sentence(name, content, folder):
    swap(folder, name, content)
    with pytest.raises(DataError, match=r"^[^\n]*; clone again, or train it with: tactful reader train$"):
        open_reader(str(folder))


@pytest.mark.parametrize(("key", "value"), [("temperature", 1e-320), ("bias", 1e308)])
def test_a_calibration_beyond_all_reason_is_refused(key, value, folder):
    card = json.loads((folder / "card.json").read_text())
    for head in card["heads"].values():
        for sharpness in head["sharpness"].values():
            sharpness[key] = value
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(DataError, match=rf"is no card of a reader: heads\.need\.sharpness\.\S+\.{key}"):
        open_reader(str(folder))


def test_the_bundled_reader_says_the_same_on_every_processor():
    needs = {
        "Plan a dinner for my team. At most 40 euros a head. Over by 22:00.": 0.796,
        "Plan a birthday party for my son.": 0.911,
        "Translate 'good morning, how are you?' into French.": 0.125,
    }
    found = open_reader("encoder").needs_now([Request(text=text) for text in needs])
    assert [one.need for one in found] == pytest.approx([*needs.values()], abs=0.004)


@pytest.mark.slow
def test_labels_of_texts_that_the_reader_does_not_know_calibrate_nothing(tmp_path, caplog):
    thai = [RequestRow(id=str(at), group=str(at), writer="w", lang="th", domain="x",
                       text=f"ขอตั๋วพรุ่งนี้ {at}", label="open" if at % 2 else "complete") for at in range(60)]  # fmt: skip
    english = [
        one.model_copy(update={"text": f"Book a table for {one.id} people", "label": "open"})
        for one in thai[:49]
    ]
    odd = english[0].model_copy(update={"text": "Set a timer for 10 minutes.", "label": "complete"})
    reader = open_reader("encoder")
    with pytest.raises(UserError, match="more than one kind that the reader knows: found need 49"):
        recalibrate(Labelled((*thai, *english)), tmp_path / "few", reader=reader, source=WEIGHTS)
    assert not (tmp_path / "few").exists()
    enough = Labelled((*thai, *english, odd))
    assert recalibrate(enough, tmp_path / "own", reader=reader, source=WEIGHTS) == {"need": 50}
    assert "need: 60 of 110 labelled texts are not known to the reader" in caplog.text
