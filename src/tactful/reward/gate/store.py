"""A gate as `gate.json`, beside the model whose probabilities it was set for."""

from __future__ import annotations

from pathlib import Path

from tactful.data.sealed import load_document, save_document
from tactful.reward.gate.rule import Gate

GATE_FILE = "gate.json"
FIGURES = ("gate-figures.json", "gate.html")
"""What `tactful reward gate` writes beside it."""


def save_gate(gate: Gate, folder: Path) -> Path:
    """Write `gate.json` into `folder` and return its path. Raises UserError when there is one, or the disk refuses."""
    return save_document(folder / GATE_FILE, gate)


def load_gate(path: Path) -> Gate:
    """The gate in a folder, or in the file itself. Raises DataError when it is missing or is something else."""
    file = path / GATE_FILE if path.is_dir() else path
    again = "make it with 'tactful reward gate MODEL DATA --out FOLDER'"
    return load_document(file, Gate, what="gate", again=again)


def gate_beside(model: Path) -> Gate | None:
    """The gate in the folder of a model, whose own file may be named too; None when there is none."""
    path = (model.parent if model.is_file() else model) / GATE_FILE
    return load_gate(path) if path.exists() else None


def drop_gate(folder: Path) -> bool:
    """Remove a gate and its figures, which its model does not outlive; True when there was one."""
    there = [path for name in (GATE_FILE, *FIGURES) if (path := folder / name).exists()]
    for path in there:
        path.unlink()
    return folder / GATE_FILE in there
