import json
from datetime import UTC, datetime
from typing import Literal

import pytest

from tactful.data.sealed import Sealed, load_document, save_document
from tactful.errors import DataError, UserError
from tactful.types import Record


class Model(Sealed):
    format: Literal["test-1"] = "test-1"
    weights: tuple[float, ...]
    made_at: datetime | None = None


class Plain(Record):
    name: str


MODEL = Model(weights=(0.1, 1e-17, 3.0), made_at=datetime(2026, 1, 1, tzinfo=UTC))


def load(path, type_=Model):
    return load_document(path, type_, what="model", again="train it again")


def test_a_document_reads_back_as_it_was_saved_with_its_texts_beside(tmp_path):
    path = save_document(tmp_path / "new" / "model.json", MODEL, beside={"CARD.md": "# Card"})
    assert load(path).weights == MODEL.weights
    assert load(path).made_at == MODEL.made_at
    assert (path.parent / "CARD.md").read_text() == "# Card"
    save_document(tmp_path / "plain.json", Plain(name="ä"))
    assert load(tmp_path / "plain.json", Plain).name == "ä"


@pytest.mark.parametrize("change", [{"weights": [0.1, 0.2, 3.0]}, {"content_hash": ""}, {"made_at": None}])
def test_a_changed_digit_is_noticed(tmp_path, change):
    path = save_document(tmp_path / "model.json", MODEL)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DataError, match=r"does not match its hash.*; train it again"):
        load(path)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\x80\x04K\x01.", b'{"format": "test-2", "weights": []}']
)
def test_another_file_is_refused_with_the_next_move(tmp_path, content):
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(DataError, match=r"model\.json: is no model: .*; train it again"):
        load(tmp_path / "model.json")


def test_a_missing_file_is_named_and_nothing_is_overwritten_unasked(tmp_path):
    with pytest.raises(DataError, match="cannot read the model"):
        load(tmp_path / "model.json")
    path = save_document(tmp_path / "model.json", MODEL)
    with pytest.raises(UserError, match="exists already"):
        save_document(path, MODEL)
    save_document(path, MODEL.model_copy(update={"weights": ()}), replace=True)
    assert load(path).weights == ()


class Grown(Model):
    unit: str | None = None


def test_a_document_from_before_a_field_was_added_opens_and_a_change_in_it_is_still_noticed(tmp_path):
    path = save_document(tmp_path / "model.json", MODEL)
    assert load(path, Grown).unit is None
    stored = json.loads(path.read_text())
    for changed in (stored | {"weights": [0.2]}, stored | {"unit": "ms"}):
        path.write_text(json.dumps(changed))
        with pytest.raises(DataError, match="does not match its hash"):
            load(path, Grown)


def test_a_field_taken_out_by_hand_is_noticed(tmp_path):
    path = save_document(tmp_path / "model.json", MODEL)
    stored = json.loads(path.read_text())
    del stored["made_at"]
    path.write_text(json.dumps(stored))
    with pytest.raises(DataError, match="does not match its hash"):
        load(path)
