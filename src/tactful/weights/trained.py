"""What training left in a folder, opened again: never half of it, never the base in its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tactful.data.sealed import load_document
from tactful.errors import DataError, UserError
from tactful.weights.base import Loaded, base_folder, fingerprint, load_tokenizer, open_model
from tactful.weights.extras import device, dtype_of, need
from tactful.weights.gguf import file_sha256
from tactful.weights.quiet import quietly
from tactful.weights.types import MANIFEST_FILE, Manifest


def read_manifest(folder: Path | str) -> Manifest:
    """What a finished folder says of itself. Raises: UserError for one that is not finished, or none of ours."""
    path = Path(folder) / MANIFEST_FILE
    if not path.is_file():
        begun = (Path(folder) / "config.toml").is_file()
        raise UserError(
            f"{folder}: its training did not end ({MANIFEST_FILE} is missing); go on with the same command and --resume"
            if begun
            else f"{folder}: is no folder of 'tactful train' ({MANIFEST_FILE} is missing)"
        )
    return load_document(path, Manifest, what="manifest", again="train again into a new folder")


def selectors_of(folder: Path | str) -> tuple[str, ...]:
    """Judges that selected what a model was trained on, as its folder says; none for one that is no folder of ours."""
    return read_manifest(folder).selected_by if (Path(folder) / MANIFEST_FILE).is_file() else ()


def load_trained(folder: Path | str, *, dtype: str = "auto", merge: bool = False) -> Loaded:
    """The trained model, on this machine's device and in evaluation mode, with tokenizer and manifest.

    `merge` melts an adapter into the weights of its base (faster; needed for export).
    Raises: UserError, when the folder is not finished, a file differs from what was written, or the adapter's base is
    not to be had or another one than it was trained on.
    """
    path, manifest = Path(folder), read_manifest(folder)
    for name, digest in manifest.files.items():
        if file_sha256(path / name) != digest:
            raise DataError.at(
                path / name, None, "differs from what training wrote", fix="train again, or copy it again"
            )
    tokenizer = load_tokenizer(path)
    if not manifest.lora:
        model = open_model(path, tokenizer, head=manifest.head, dtype=dtype_of(dtype))
        return Loaded(model.to(device()), tokenizer, path, manifest)
    return replace(_with_adapter(path, manifest, tokenizer, dtype, merge), manifest=manifest)


def _with_adapter(path: Path, manifest: Manifest, tokenizer: Any, dtype: str, merge: bool) -> Loaded:
    (peft,) = need("peft", what="opening a trained adapter")
    base = Path(manifest.base_folder)
    if not base.is_dir():
        try:
            base = base_folder(manifest.base)
        except UserError as error:
            raise UserError(
                f"{path}: is an adapter, and its base '{manifest.base}' is no longer to be had; bring it back ({error})"
            ) from error
    if fingerprint(base) != manifest.base_fingerprint:
        raise UserError(
            f"{path}: its adapter was trained on '{manifest.base}' with other weights than {base} holds now; "
            "bring those back, or train again"
        )
    model = open_model(base, tokenizer, head=manifest.head, dtype=dtype_of(dtype))
    try:
        with quietly():
            model = peft.PeftModel.from_pretrained(model, str(path), local_files_only=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: the adapter does not fit {base} ({str(error).splitlines()[0]})") from error
    if merge:
        model = model.merge_and_unload()
    return Loaded(model.to(device()).eval(), tokenizer, base)
