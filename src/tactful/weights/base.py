"""A base model and its tokenizer: by name on the Hub, folder, GGUF file, or the installed small model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tactful.errors import UserError
from tactful.types import content_hash
from tactful.weights.extras import device, dtype_of, four_bit_settings, need
from tactful.weights.gguf import SMOLLM2, SMOLLM2_SHA256, installed_smollm2, unpacked
from tactful.weights.quiet import quietly
from tactful.weights.types import Manifest

Head = Literal["lm", "score"]
_TAKEN = ["*.json", "*.safetensors", "*.model", "*.txt", "*.jinja"]
"""Files of a repository that are fetched: no pickles, no code."""
_MIB = 1 << 20


@dataclass(frozen=True)
class Loaded:
    """An opened model."""

    model: Any
    """transformers' model, or peft's around it."""
    tokenizer: Any
    folder: Path
    """Of the base."""
    manifest: Manifest | None = None
    """None: a base that was not trained here."""


def base_folder(spec: str) -> Path:
    """The folder that a base model stands in on this machine; a GGUF file is unpacked, a name fetched from the Hub.

    Raises: UserError when there is no such model.
    """
    if spec == SMOLLM2:
        return unpacked(installed_smollm2(), sha256=SMOLLM2_SHA256)
    path = Path(spec).expanduser()
    if path.suffix == ".gguf":
        return unpacked(path)
    if path.is_dir():
        if (path / "adapter_config.json").is_file() and not (path / "config.json").is_file():
            raise UserError(
                f"{path}: holds an adapter without its base; melt both into a model with 'tactful train export-gguf {path} "
                "--type f32 --out FILE.gguf' and give that file, or train it with --full"
            )
        if not (path / "config.json").is_file():
            raise UserError(
                f"{path}: holds no model (config.json is missing); give a folder of transformers, a .gguf file, a name "
                "on the Hub, or smollm2"
            )
        return path.resolve()
    if path.exists() or spec.startswith((".", "/", "~")):
        raise UserError(
            f"{path}: is no folder of a model; give one, a .gguf file, a name on the Hub, or smollm2"
        )
    return _fetched(spec)


def _fetched(name: str) -> Path:
    (hub,) = need("huggingface_hub", what="fetching a model")
    try:
        with quietly():
            return Path(hub.snapshot_download(name, allow_patterns=_TAKEN))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise UserError(
            f"'{name}': no such folder, and the Hub does not give it "
            f"({str(error).strip().splitlines()[0]}); check the name, or give a folder, a .gguf file or smollm2"
        ) from error


def fingerprint(folder: Path) -> str:
    """What tells one set of weights from another: the configuration, and names, sizes, first and last MiB of the files.

    The version of transformers that wrote the configuration is no part of it: a GGUF is unpacked by each machine's own.
    Raises: UserError for a folder without a configuration.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: its config.json cannot be read ({error}); give a folder that holds a model"
        ) from error
    parts = [json.dumps({**config, "transformers_version": ""}, sort_keys=True)]
    for file in sorted(folder.glob("*.safetensors")):
        size = file.stat().st_size
        with file.open("rb") as opened:
            start = opened.read(_MIB)
            opened.seek(max(0, size - _MIB))
            parts.append(f"{file.name} {size} {content_hash(start)} {content_hash(opened.read())}")
    return content_hash("\n".join(parts))


def load_tokenizer(folder: Path, *, chat: bool = True) -> Any:
    """The tokenizer of a folder, ready for batches. Raises: UserError, when it is to `chat` and has no template for it."""
    (transformers,) = need("transformers", what="opening a language model")
    try:
        with quietly():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{folder}: holds no tokenizer that can be read ({error})") from error
    if chat and not tokenizer.chat_template:
        raise UserError(
            f"{folder}: its tokenizer has no chat template, so no conversation can be written for it; give an instruct "
            "model, or put a chat_template.jinja into its folder"
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_base(spec: str, *, head: Head = "lm", dtype: str = "auto", chat: bool = True) -> Loaded:
    """The base model on this machine's device, in evaluation mode, with its tokenizer.

    `dtype`: `auto` (bf16 where the device has it), `bf16`, `f32`. `chat`: conversations will be written for it.
    Raises: UserError when it cannot be opened.
    """
    folder = base_folder(spec)
    tokenizer = load_tokenizer(folder, chat=chat)
    model = open_model(folder, tokenizer, head=head, dtype=dtype_of(dtype))
    return Loaded(model.to(device()), tokenizer, folder)


def open_model(folder: Path, tokenizer: Any, *, head: Head, four_bit: bool = False, dtype: Any) -> Any:
    """The model of a folder, where transformers puts it. Raises: UserError when it cannot be opened."""
    (transformers,) = need("transformers", what="opening a language model")
    kinds = {
        "lm": transformers.AutoModelForCausalLM,
        "score": transformers.AutoModelForSequenceClassification,
    }
    more = {"num_labels": 1} if head == "score" else {}
    if four_bit:
        more |= {"quantization_config": four_bit_settings()}
    try:
        with quietly():
            model, found = kinds[head].from_pretrained(
                folder, dtype=dtype, local_files_only=True, output_loading_info=True, **more
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise UserError(f"{folder}: the model cannot be opened ({str(error).splitlines()[0]})") from error
    new = () if head == "lm" else ("score.", "classifier.")  # the head that training fills
    missing = sorted(name for name in found["missing_keys"] if not name.startswith(new))
    if missing:
        raise UserError(
            f"{folder}: holds no {missing[0]}, which would be drawn at random ({len(missing)} such); give a whole language "
            "model, no reward model or encoder"
        )
    model.config.pad_token_id = tokenizer.pad_token_id
    return model.eval()
