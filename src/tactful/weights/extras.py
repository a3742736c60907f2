"""The heavy packages, imported on demand, and what this machine can do."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from tactful.errors import MissingExtra, UserError


def need(*modules: str, what: str) -> tuple[Any, ...]:
    """The modules, of the extra `[train]`. Raises: MissingExtra, with the line to type."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # trainers report their use to the Hub otherwise
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        found = tuple(importlib.import_module(name) for name in modules)
    except ImportError as error:
        if (error.name or "").split(".")[0] not in _OF_THE_EXTRA:
            raise
        raise MissingExtra("train", what) from error
    if "huggingface_hub.constants" in sys.modules:  # it was imported before the line above could tell it
        vars(sys.modules["huggingface_hub.constants"])["HF_HUB_DISABLE_TELEMETRY"] = True
    return found


_OF_THE_EXTRA = {
    "torch",
    "transformers",
    "trl",
    "peft",
    "datasets",
    "accelerate",
    "gguf",
    "onnx",
    "safetensors",
    "huggingface_hub",
}


def device() -> str:
    """`cuda`, `mps`, … where there is one, else `cpu`."""
    (torch,) = need("torch", what="opening a language model")
    found = torch.accelerator.current_accelerator()
    return found.type if found is not None and torch.accelerator.is_available() else "cpu"


def has_bf16() -> bool:
    """Whether the accelerator computes in bfloat16; False without one: on a CPU it is slower than float32."""
    (torch,) = need("torch", what="opening a language model")
    return device() != "cpu" and (device() != "cuda" or bool(torch.cuda.is_bf16_supported()))


def quick_in_bf16(place: str) -> bool:
    """Whether texts may be trained on in bfloat16: a processor without instructions for it takes many times as long as
    in float32. `place`: as `device` names it."""
    (torch,) = need("torch", what="opening a language model")
    able = torch.cpu.get_capabilities()
    return place != "cpu" or bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))


def dtype_of(name: str) -> Any:
    """torch's type for `auto`, `bf16` or `f32`. `auto`: bf16 where the device has it.

    Raises: UserError, when bf16 was asked for and is not to be had.
    """
    (torch,) = need("torch", what="opening a language model")
    if name == "bf16" and device() != "cpu" and not has_bf16():
        raise UserError("--dtype bf16: this accelerator does not compute in bfloat16; use --dtype f32")
    return torch.bfloat16 if name == "bf16" or (name == "auto" and has_bf16()) else torch.float32


def four_bit_settings() -> Any:
    """Settings for 4-bit weights (NF4, double quantisation). Raises: UserError without bitsandbytes or without a GPU."""
    transformers, torch = need("transformers", "torch", what="opening a language model")
    try:
        importlib.import_module("bitsandbytes")
    except ImportError as error:
        raise UserError(
            "--load-in-4bit needs the package bitsandbytes; run: pip install bitsandbytes, or leave the flag out"
        ) from error
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
