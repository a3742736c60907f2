"""One trainer from its first step to a finished folder, whichever trainer it is."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tactful import __version__
from tactful.data.io import write_file
from tactful.errors import UserError
from tactful.runs.read.folder import utc_now
from tactful.training.actions import write_card
from tactful.training.card import model_card
from tactful.training.curves import save_curves
from tactful.training.folder import CHECKPOINTS, begin, clear, is_main, need_room, told
from tactful.training.material.checks import Checked
from tactful.training.material.rows import dataset
from tactful.training.types import Example, Material, Place, TrainConfig
from tactful.weights.base import Loaded, fingerprint
from tactful.weights.extras import device, dtype_of, need
from tactful.weights.gguf import file_sha256
from tactful.weights.quiet import quietly
from tactful.weights.types import MANIFEST_FILE, Manifest

OnStep = Callable[[int, int], None]
PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate")
_LOADED = (
    "*.safetensors",
    "*.safetensors.index.json",
    "*config.json",
    "policy.json",
    "tokenizer*",
    "*.jinja",
    "vocab*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "judge.json",
)
_TIMES = ("runtime", "per_second", "total_flos", "num_tokens", "epoch")


@dataclass(frozen=True)
class Task:
    """Everything a trainer needs: the base, the examples, how and where."""

    config: TrainConfig
    place: Place
    material: Material
    checked: Checked
    base: Loaded
    on_step: OnStep | None = None


def arguments(task: Task, **of_trainer: Any) -> dict[str, Any]:
    """Arguments that every trainer of transformers takes, and those of this one."""
    config, where = task.config, device()
    every = config.validate_every or max(1, math.ceil(updates(task) / 10))
    log = max(1, every // 5)
    every = log * math.ceil(every / log)  # so that a checkpoint never stands between two lines of the curve
    validates = bool(task.checked.valid)
    bf16 = dtype_of(config.dtype) == dtype_of("bf16")
    return {
        "output_dir": str(task.place.out / CHECKPOINTS),
        "num_train_epochs": config.epochs,
        "max_steps": config.max_steps or -1,
        "per_device_train_batch_size": config.batch,
        "per_device_eval_batch_size": config.batch,
        "gradient_accumulation_steps": config.accumulate,
        "learning_rate": config.peak_rate,
        "warmup_steps": math.floor(config.warmup * updates(task)),
        "lr_scheduler_type": "cosine",
        "gradient_checkpointing": large(task) if config.checkpointing is None else config.checkpointing,
        "bf16": bf16,
        "use_cpu": where == "cpu",
        "dataloader_pin_memory": where != "cpu",
        "logging_steps": log,
        "logging_nan_inf_filter": False,
        "eval_strategy": "steps" if validates else "no",
        "eval_steps": every if validates else None,
        "eval_on_start": validates,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,
        "load_best_model_at_end": validates,
        "metric_for_best_model": "eval_loss" if validates else None,
        "greater_is_better": False if validates else None,
        "report_to": ["tensorboard"] if find_spec("tensorboard") else [],
        "disable_tqdm": True,
        "seed": config.seed,
        "data_seed": config.seed,
        **of_trainer,
    }


def large(task: Task) -> bool:
    """Whether activations are recomputed unless told otherwise: two pairs of 515 tokens take a 135 M model 5.6 GB without.

    Not under an adapter of the upper layers: recomputing would run back through the lower ones as well.
    """
    return task.config.lora_layers is None and bool(
        sum(weight.numel() for weight in task.base.model.parameters()) > 50_000_000
    )


def updates(task: Task) -> int:
    """Updates of the weights, about: packing makes fewer."""
    config = task.config
    world = int(os.environ.get("WORLD_SIZE", "1"))
    sides = 2 if config.trainer == "kto" and task.material.form == "pairs" else 1
    by_epochs = math.ceil(
        math.ceil(len(task.checked.train) * sides / (config.batch * config.accumulate * world))
        * config.epochs
    )
    return config.max_steps or max(1, by_epochs)


def adapter_config(task: Task) -> Any:
    """Peft's configuration of the adapter; None where all weights are trained."""
    config = task.config
    if not config.adapter:
        return None
    (peft,) = need("peft", what="training an adapter")
    score = config.trainer == "reward"
    names, upper = _adapted(task)
    return peft.LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        target_modules=names,
        layers_to_transform=upper,
        task_type="SEQ_CLS" if score else "CAUSAL_LM",
        modules_to_save=["score"] if score else None,
    )


def _adapted(task: Task) -> tuple[str | list[str], list[int] | None]:
    """Names of the modules that get an adapter, and of which layers; None: of all."""
    if task.config.lora_layers is None:
        return "all-linear", None
    (torch,) = need("torch", what="training an adapter")
    paths = [
        name.split(".")
        for name, module in task.base.model.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    layers: int = task.base.model.config.num_hidden_layers
    names = {
        path[-1] for path in paths if any(part.isdigit() for part in path)
    }  # peft has no "all-linear" of some layers
    return sorted(names), list(range(max(0, layers - task.config.lora_layers), layers))


def parts(task: Task) -> dict[str, Any]:
    """What trainers are built of beside their arguments and rows."""
    return {
        "model": task.base.model,
        "processing_class": task.base.tokenizer,
        "peft_config": adapter_config(task),
        "callbacks": callbacks(task),
    }


def rows_of(task: Task, row: Callable[[Example], dict[str, Any]]) -> dict[str, Any]:
    """What is trained and what is validated on, each example as `row` writes it."""
    return {
        "train_dataset": dataset([row(item) for item in task.checked.train]),
        "eval_dataset": dataset([row(item) for item in task.checked.valid]),
    }


def callbacks(task: Task) -> list[Any]:
    """Our progress, and the end when validation no longer gains."""
    from transformers import EarlyStoppingCallback, TrainerCallback

    class Progress(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if task.on_step is not None and state.is_world_process_zero:
                task.on_step(state.global_step, state.max_steps)

    class Patience(EarlyStoppingCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            super().on_train_begin(args, state, control, **more)
            if self.early_stopping_patience_counter >= self.early_stopping_patience:
                control.should_training_stop = True  # stopped after its end, while the folder was written

    made: list[Any] = [Progress()]
    if task.checked.valid and task.config.patience:
        made.append(Patience(early_stopping_patience=task.config.patience))
    return made


def finish(task: Task, build: Callable[[], Any], beside: Callable[[Any], None] | None = None) -> Manifest:
    """Build the trainer, train, validate, and write the folder; the manifest comes last.

    `beside` writes more into it, given the trained model in evaluation mode.

    Raises: UserError for a folder that cannot be used, or when the loss is no number any more; Interrupted.
    """
    (transformers,) = need("transformers", what="training")
    place = task.place
    checkpoint = begin(place, task.config, task.material, task.base.folder)
    with told(place.out), quietly():
        trainer = build()
        trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
        if checkpoint is not None:  # nothing is validated twice, and validations without gain still count
            trainer.args.eval_on_start = False
            trainer.args.restore_callback_states_from_checkpoint = True
        trainable = sum(p.numel() * p.element_size() for p in trainer.model.parameters() if p.requires_grad)
        need_room(place.out, trainable, trainable)
        started = time.monotonic()
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        seconds = time.monotonic() - started
        history = list(trainer.state.log_history)
        measured = trainer.evaluate() if task.checked.valid else {}
        figures = _figures(history, measured)
        bad = [name for name, value in figures.items() if not math.isfinite(value)]
        if bad:
            raise UserError(
                f"{place.out}: {bad[0]} is no number any more; lower --learning-rate or use --dtype f32, and train into a "
                "new folder"
            )
        if is_main():
            _save(trainer, task, place.out)
            if task.config.learn == "action":
                model = trainer.accelerator.unwrap_model(trainer.model)
                write_card(place.out, model, task.base.tokenizer, task.material, task.checked, task.config)
            if beside is not None:
                beside(trainer.accelerator.unwrap_model(trainer.model).eval())
        manifest = _manifest(task, trainer, figures, seconds, history)
        if is_main():
            save_curves(history, place.out, f"{task.config.trainer} on {task.config.model}")
            write_file(place.out / "README.md", [model_card(manifest, task.checked).encode()])
            write_file(place.out / MANIFEST_FILE, [manifest.model_dump_json(indent=1).encode(), b"\n"])
            clear(place.out)
    if place.push_to and is_main():
        _push(place)
    return manifest


def _save(trainer: Any, task: Task, out: Path) -> None:
    trainer.accelerator.unwrap_model(trainer.model).save_pretrained(out)
    task.base.tokenizer.save_pretrained(out)


def _figures(history: list[dict[str, Any]], measured: Mapping[str, Any]) -> dict[str, float]:
    """Of the finished model; `…_before` is the base's, on the same examples. No times: those are never the same twice."""
    start: dict[str, Any] = next((row for row in history if row.get("step") == 0 and "eval_loss" in row), {})
    losses = [row["loss"] for row in history if "loss" in row]
    found = {f"{name}_before": value for name, value in start.items() if name.startswith("eval_")}
    found |= {name: value for name, value in measured.items() if name.startswith("eval_")}
    found |= {"train_loss": sum(losses) / len(losses)} if losses else {}
    return {
        name: float(value)
        for name, value in sorted(found.items())
        if isinstance(value, int | float) and not any(word in name for word in _TIMES)
    }


def _manifest(
    task: Task, trainer: Any, figures: Mapping[str, float], seconds: float, history: list[dict[str, Any]]
) -> Manifest:
    config, material, base = task.config, task.material, task.base
    out, state = task.place.out, trainer.state
    files = sorted({path for pattern in _LOADED for path in out.glob(pattern)})
    return Manifest(
        trainer=config.trainer,
        form=material.form,
        kind=material.kind,
        learn=config.learn,
        shown=config.shown,
        actions=material.actions,
        head="score" if config.trainer == "reward" else "lm",
        lora=config.adapter,
        base=config.model,
        base_folder=str(base.folder),
        base_fingerprint=fingerprint(base.folder),
        config=config.model_dump(mode="json"),
        data=tuple(material.files),
        examples={"train": len(task.checked.train), "valid": len(task.checked.valid)},
        grouped_by=task.checked.grouped_by,
        prompts=material.prompts,
        pipeline=material.pipeline,
        selected_by=material.selected_by,
        versions={"tactful": __version__, **{name: version(name) for name in PACKAGES}},
        seed=config.seed,
        steps=state.global_step,
        kept_after=state.best_global_step if state.best_model_checkpoint else state.global_step,
        tokens=int(max((row.get("num_tokens", 0) for row in history), default=0)),
        seconds=round(seconds, 1),
        device=device(),
        figures=dict(figures),
        files={path.name: file_sha256(path) for path in files},
        made_at=utc_now(),
    )


def _push(place: Place) -> None:
    (hub,) = need("huggingface_hub", what="pushing to the Hub")
    try:
        hub.create_repo(place.push_to, private=True, exist_ok=True)
        hub.upload_folder(
            repo_id=place.push_to, folder_path=str(place.out), ignore_patterns=[f"{CHECKPOINTS}/*"]
        )
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise UserError(
            f"{place.out} is finished, but the Hub did not take it ({str(error).splitlines()[0]}); log in with "
            f"'hf auth login', then run: hf upload {place.push_to} {place.out}"
        ) from error
