"""What LLaMA-Factory wants beside the rows: `dataset_info.json`, and a ready YAML per task.

Source: its data/README.md and examples/, 0.9.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson

from tactful.data.io import write_file

Stage = Literal["sft", "dpo", "kto", "rm"]
VALIDATION = "_validation"
"""Ends the stem of a file that validates."""
CUTOFF = 4096
"""Tokens from which on LLaMA-Factory cuts a row, where no row may be longer."""
MODEL = "Qwen/Qwen2.5-0.5B-Instruct"
_OF_STAGE: dict[Stage, dict[str, Any]] = {
    "sft": {"learning_rate": 1e-4},
    "dpo": {"pref_beta": 0.1, "pref_loss": "sigmoid", "learning_rate": 5e-6},
    "kto": {"pref_beta": 0.1, "learning_rate": 5e-6},
    "rm": {"learning_rate": 1e-4},
}


def describe(folder: Path, files: Mapping[str, str], pairs: Stage = "dpo", *, longest: int = CUTOFF) -> None:
    """Write `dataset_info.json` and the YAMLs into the folder. `files`: name of the data set → stem of its file.

    A stem begins with `sft`, `pairs` or `kto`; `pairs` says what preference pairs are for. Nothing of a row of `longest`
    tokens is cut.
    """
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    info = {name: _entry(stem) for name, stem in files.items()}
    write_file(folder / "dataset_info.json", [orjson.dumps(info, option=options)])
    validation = {stem: name for name, stem in files.items() if stem.endswith(VALIDATION)}
    for name, stem in files.items():
        if stem not in validation:
            stage: Stage = "sft" if stem == "sft" else "kto" if stem == "kto" else pairs
            cutoff = max(CUTOFF, longest)
            lines = _settings(stage, name, stem, validation.get(stem + VALIDATION), cutoff)
            write_file(folder / f"{stage}.yaml", [line.encode() + b"\n" for line in lines])


def _entry(stem: str) -> dict[str, Any]:
    columns = {"messages": "conversations", "system": "system"}
    if stem.startswith("pairs"):
        columns |= {"chosen": "chosen", "rejected": "rejected"}
    if stem.startswith("kto"):
        columns |= {"kto_tag": "label"}
    ranking = {"ranking": True} if stem.startswith("pairs") else {}
    return {"file_name": f"{stem}.json", **ranking, "formatting": "sharegpt", "columns": columns}


def _settings(stage: Stage, name: str, stem: str, validation: str | None, cutoff: int) -> list[str]:
    """The lines of a YAML of plain values. No share of the rows validates: a cut by row would leak across groups."""
    values: dict[str, Any] = {
        "stage": stage,
        "do_train": True,
        "finetuning_type": "lora",
        "lora_target": "all",
        "lora_rank": 16,
        "dataset": name,
        **({"eval_dataset": validation, "eval_strategy": "epoch"} if validation else {}),
        "dataset_dir": ".",
        "output_dir": f"{stage}-lora",
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        **_OF_STAGE[stage],
        "num_train_epochs": 1.0,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 10,
        "logging_steps": 10,
        "plot_loss": True,
        "report_to": "none",
    }
    return [
        f"# LLaMA-Factory on {stem}.json. In this folder: llamafactory-cli train {stage}.yaml",
        f"model_name_or_path: {MODEL}  # yours",
        f"cutoff_len: {cutoff}  # tokens; a longer row is cut without a word",
        "bf16: true  # false where the device has none",
        *(f"{key}: {_plain(value)}" for key, value in values.items()),
    ]


def _plain(value: Any) -> str:
    """As YAML 1.1 reads it back: a float with its point, `true` and not `True`."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}".rstrip("0") + "0" * (value == int(value)) if isinstance(value, float) else str(value)
