"""Fine-tuned language models from data of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tactful.training import TrainConfig, Trainer
    from tactful.training.gguf import GgufType
    from tactful.training.material.checks import Checked
    from tactful.weights import Manifest


def train_model(
    trainer: Trainer,
    data: Path | str,
    *,
    out: Path | str,
    model: str | None = None,
    config: Path | str | None = None,
    valid_data: Path | str | None = None,
    resume: bool = False,
    push_to: str = "",
    on_step: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
    **settings: Any,
) -> Manifest:
    """A language model fine-tuned on `data` into the folder `out`; `tactful.weights.load_trained(out)` opens it.

    `trainer`: `sft`, `dpo`, `kto`, `reward` or `grpo`. `data`: a run folder, the folder of an export, or a file. `model`: a name on
    the Hub, a folder, a .gguf file, or `smollm2`. `settings` are the keys of `tactful.training.TrainConfig`, `config` a TOML
    file of them. `say` is told what the checks found, before a model is loaded. Needs the extra `[train]`.

    Raises UserError for data, base or folder that cannot be used; the sentence says what to do.
    """
    from tactful.training import Place, train

    resolved = training_config(trainer, model=model, config=config, **settings)

    def tell(found: Checked) -> None:
        for line in found.lines():
            if say is not None:
                say(line)

    return train(
        Path(data),
        resolved,
        Place(Path(out), resume=resume, push_to=push_to),
        valid=Path(valid_data) if valid_data is not None else None,
        on_step=on_step,
        on_check=tell,
    )


def export_gguf(folder: Path | str, out: Path | str, *, type: GgufType = "q8_0") -> Path:
    """The model of a finished folder as the GGUF file `out`, for llama.cpp and Ollama; adapters are melted in.

    Raises UserError where the converter is missing (the sentence holds the line to type) or does not take the model.
    """
    from tactful.training.gguf import export_gguf as export

    return export(Path(folder), Path(out), type=type)


def training_config(
    trainer: Trainer, *, model: str | None = None, config: Path | str | None = None, **settings: Any
) -> TrainConfig:
    """The file's values under those that are given. Raises: ConfigError for a key or value that is none; UsageError without a base."""
    from tactful.data.io import as_settings, read_toml
    from tactful.training import TrainConfig

    values = read_toml(Path(config)) if config is not None else {}
    if values.get("trainer", trainer) != trainer:
        raise ConfigError(
            f"{config}: is a configuration of 'train {values['trainer']}'; run that, or leave the key out"
        )
    values |= {"trainer": trainer, **settings, **({"model": model} if model is not None else {})}
    if "model" not in values:
        raise UsageError("--model is missing; give a name on the Hub, a folder, a .gguf file, or smollm2")
    return as_settings(TrainConfig, values, "training", path=config)
