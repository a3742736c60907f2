"""The folder of a training: begun once, gone on with under the same configuration, finished by its manifest.

config.toml     the resolved configuration, which can be run again with --config
checkpoints/    while it trains; the newest whole one is where --resume goes on
training.json   written last
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tactful.data.io import is_taken, write_file
from tactful.errors import ConfigChanged, Interrupted, UserError
from tactful.runs.running.opening import config_toml
from tactful.runs.store.files import make_folder
from tactful.training.types import Material, Place, TrainConfig
from tactful.weights.base import fingerprint
from tactful.weights.types import MANIFEST_FILE

CONFIG_FILE, CHECKPOINTS = "config.toml", "checkpoints"
_BEGUN = "begun.json"
"""Configuration and hashes of data and base, while it trains."""
_COPIES = 3
"""Checkpoints on the disk at once: best, last, and the one that is written."""


def is_main() -> bool:
    """Whether this process writes; under `accelerate launch`, only the first does."""
    return int(os.environ.get("RANK", "0")) == 0


def refuse_taken(place: Place, config: TrainConfig, material: Material) -> None:
    """Nothing, where the training can begin in this folder, or go on there.

    Raises: UserError for a folder that is finished or holds something else; ConfigChanged, naming what differs.
    """
    out = place.out
    if (out / MANIFEST_FILE).is_file():
        raise UserError(f"{out}: is finished already; give --out a new folder")
    begun = (out / _BEGUN).is_file()
    if place.resume and begun:
        _same(out, _begun(out), _state(config, material))
    elif is_taken(out):
        raise UserError(
            f"{out}: holds a training that did not end; go on with --resume, or give --out a new folder"
            if begun
            else f"{out}: is not an empty folder; give --out a new one"
        )


def begin(place: Place, config: TrainConfig, material: Material, base: Path) -> Path | None:
    """Make or reopen the folder; the checkpoint to go on from, None for the start.

    Raises: what `refuse_taken` raises, and ConfigChanged for another `base` than it was begun on.
    """
    out = place.out
    if not is_main():
        return _newest(out) if place.resume else None
    refuse_taken(place, config, material)
    weights = fingerprint(base)
    if not (out / _BEGUN).is_file():
        make_folder(out)
        state = {**_state(config, material), "base": weights}
        write_file(out / _BEGUN, [json.dumps(state, indent=1).encode() + b"\n"])
    elif _begun(out).get("base", weights) != weights:
        raise ConfigChanged(
            f"{out}: was begun on other weights than {base} holds now; bring those back, or give --out a new folder"
        )
    # after the other: a folder that holds this can be gone on with
    write_file(out / CONFIG_FILE, [config_toml(config).encode()])
    return _newest(out)


def _begun(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / _BEGUN).read_text(encoding="utf-8"))
    return found


def _state(config: TrainConfig, material: Material) -> dict[str, Any]:
    return {
        "config": config.model_dump(mode="json"),
        "data": [file.model_dump(mode="json") for file in material.files],
    }


def _same(out: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    old, new = before["config"], now["config"]
    differing = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if differing:
        raise ConfigChanged(
            f"{out}: was begun with other values of {', '.join(f'{key} ({old.get(key)})' for key in differing)}; give the "
            "same again, or --out a new folder"
        )
    if [file["sha256"] for file in before["data"]] != [file["sha256"] for file in now["data"]]:
        raise ConfigChanged(f"{out}: was begun on other data; bring it back, or give --out a new folder")


def _newest(out: Path) -> Path | None:
    """The newest checkpoint that is whole: its state is written last."""
    whole = [path for path in (out / CHECKPOINTS).glob("checkpoint-*") if _whole(path)]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def need_room(out: Path, trained_bytes: int, whole_bytes: int) -> None:
    """Raise UserError where the disk cannot hold the checkpoints and the result."""
    needed = _COPIES * 3 * trained_bytes + whole_bytes  # weights and two moments of the optimiser
    held = sum(file.stat().st_size for file in (out / CHECKPOINTS).rglob("*") if file.is_file())
    free = shutil.disk_usage(out).free + held  # going on writes over the checkpoints that are there
    if free < needed:
        raise UserError(
            f"{out}: {free / 1e9:.1f} GB are free{' or held by its checkpoints' if held else ''}, about "
            f"{needed / 1e9:.1f} GB are needed for checkpoints and the result; "
            "make room, give --out another disk, or train an adapter with --lora"
        )


@contextmanager
def told(out: Path) -> Iterator[None]:
    """Ctrl-C, a full memory and a full disk as sentences that say how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        last = _newest(out)
        kept = f"kept up to {last.name}" if last else "no checkpoint was written yet"
        raise Interrupted(f"{out}: stopped; {kept}. Go on with the same command and --resume") from error
    except UserError:
        raise
    except Exception as error:  # torch and safetensors have errors of their own for a full memory or disk
        text = str(error)
        if any(words in text.lower() for words in ("out of memory", "can't allocate memory")):
            raise UserError(
                f"{out}: the memory of the device is full; lower --batch (and raise --accumulate) or --max-length, or add "
                "--lora or --checkpointing, and train into a new folder"
            ) from error
        failed = isinstance(error, OSError | RuntimeError)
        if "No space left" in text or (failed and shutil.disk_usage(out).free <= 50_000_000):
            raise UserError(
                f"{out}: the disk is full ({text.partition(chr(10))[0]}); make room, then go on with the same command and "
                "--resume"
            ) from error
        raise


def clear(out: Path) -> None:
    """Remove what was needed only while it trained."""
    shutil.rmtree(out / CHECKPOINTS, ignore_errors=True)
    (out / _BEGUN).unlink(missing_ok=True)
