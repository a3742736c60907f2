"""A gate as `gate.json`, beside the model whose probabilities it was set for."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from tactful.data.io import describe, write_file
from tactful.errors import DataError, UserError
from tactful.reward.gate.rule import Gate

GATE_FILE = "gate.json"


def save_gate(gate: Gate, folder: Path) -> Path:
    """Write `gate.json` into `folder` and return its path. Raises UserError when there is one, for nothing is overwritten, or when the disk refuses."""
    path = folder / GATE_FILE
    if path.exists():
        raise UserError(f"{path}: exists already; give --out another folder, or delete the old gate")
    write_file(path, [json.dumps(gate.model_dump(), ensure_ascii=False, indent=1).encode(), b"\n"])
    return path


def load_gate(path: Path) -> Gate:
    """The gate in a folder, or in the file itself. Raises DataError when it is missing or is something else."""
    file = path / GATE_FILE if path.is_dir() else path
    again = "make it with 'tactful reward gate MODEL DATA --out FOLDER'"
    try:
        return Gate.model_validate_json(file.read_bytes())
    except OSError as error:
        raise DataError.at(file, None, f"cannot read the gate ({error.strerror})", fix=again) from error
    except ValidationError as error:
        raise DataError.at(file, None, describe(error, "gate"), fix=again) from error


def gate_beside(model: Path) -> Gate | None:
    """The gate in the folder of a model, whose own file may be named too; None when there is none."""
    path = (model.parent if model.is_file() else model) / GATE_FILE
    return load_gate(path) if path.exists() else None
