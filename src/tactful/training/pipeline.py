"""From a file or run folder to a trained model: read, check, open the base, train. In this order, on one screen."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tactful.training.folder import is_main, refuse_taken
from tactful.training.material.checks import Checked, check_material
from tactful.training.material.forms import read_material
from tactful.training.misfits import refuse_misfits
from tactful.training.running import PACKAGES, OnStep, Task
from tactful.training.types import Place, TrainConfig
from tactful.weights.base import Loaded, base_folder, load_tokenizer, open_model
from tactful.weights.extras import dtype_of, need
from tactful.weights.trained import selectors_of
from tactful.weights.types import Manifest


def train(
    data: Path,
    config: TrainConfig,
    place: Place,
    *,
    valid: Path | None = None,
    on_step: OnStep | None = None,
    on_check: Callable[[Checked], None] | None = None,
) -> Manifest:
    """The manifest of the finished folder. `on_check` is told of the data before a model is loaded.

    Raises: UsageError for settings that do not fit each other; UserError for data, a base or a folder that cannot be used; MissingExtra; Interrupted.
    """
    refuse_misfits(config)
    transformers, *_ = need("transformers", *PACKAGES, what=f"train {config.trainer}")
    material = read_material(data, config, valid)
    if is_main():
        refuse_taken(place, config, material)
    folder, tokenizer = open_tokenizer(config)
    material.selected_by = tuple(sorted({*material.selected_by, *selectors_of(folder)}))
    checked = check_material(material, config, tokenizer)
    if on_check is not None and is_main():
        on_check(checked)
    transformers.set_seed(config.seed)  # a new head is drawn at random
    model = open_model(
        folder,
        tokenizer,
        head="score" if config.trainer == "reward" else "lm",
        four_bit=config.load_in_4bit,
        dtype=dtype_of(config.dtype if config.adapter else "f32"),
    )
    task = Task(config, place, material, checked, Loaded(model, tokenizer, folder), on_step)
    module = importlib.import_module(f"tactful.training.methods.{config.trainer}")
    manifest: Manifest = getattr(module, f"train_{config.trainer}")(task)
    return manifest


def open_tokenizer(config: TrainConfig) -> tuple[Path, Any]:
    """Folder and tokenizer of the base: all that can be opened before there is data.

    Raises: as `train`, for settings, libraries and the base.
    """
    refuse_misfits(config)
    need("transformers", *PACKAGES, what=f"train {config.trainer}")
    folder = base_folder(config.model)
    return folder, load_tokenizer(folder)
