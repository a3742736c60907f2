from __future__ import annotations

from pathlib import Path

import pytest

from tactful.errors import DataError, UserError
from tactful.reward.gate.promise import Promise
from tactful.reward.gate.rule import Costs, Gate, GateConfig
from tactful.reward.gate.store import drop_gate, load_gate, save_gate

GATE = Gate(
    judge="embedded",
    config=GateConfig(costs=Costs(false_alarm=2, miss=1), floor=0.7, abstain_low=0.6, abstain_high=0.8),
    promise=Promise(
        of="rate",
        alpha=0.1,
        delta=0.1,
        threshold=0.7,
        risk=0.05,
        sessions=60,
        sessions_needed=22,
        moments=600,
    ),
)


def test_a_gate_reads_back_as_it_was_from_its_folder_and_from_its_file(tmp_path: Path):
    path = save_gate(GATE, tmp_path / "model")
    assert load_gate(tmp_path / "model") == GATE
    assert load_gate(path) == GATE


def test_a_gate_is_never_overwritten(tmp_path: Path):
    save_gate(GATE, tmp_path)
    with pytest.raises(UserError, match="exists already"):
        save_gate(GATE, tmp_path)


def test_a_missing_gate_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(DataError, match=r"gate\.json: cannot read the gate .*tactful reward gate MODEL DATA"):
        load_gate(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", '{"format": "tactful-gate-2"}', "\x80\x04pickle"])
def test_a_file_that_is_no_gate_is_refused(tmp_path: Path, content: str):
    (tmp_path / "gate.json").write_text(content)
    with pytest.raises(DataError, match="gate"):
        load_gate(tmp_path)


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be made"):
        save_gate(GATE, tmp_path / "file" / "gates")


def test_a_gate_is_dropped_with_its_figures(tmp_path):
    save_gate(GATE, tmp_path)
    (tmp_path / "gate.html").write_text("figures")
    (tmp_path / "model.json").write_text("{}")
    assert drop_gate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]
    assert not drop_gate(tmp_path)
