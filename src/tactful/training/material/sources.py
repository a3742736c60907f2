"""Which files hold the training data: a file, a run folder, the folder of an export, what `learn` or `gym trainset` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tactful.data.io import Rows
from tactful.errors import UserError
from tactful.gym.trainset.writing import MANIFEST
from tactful.runs import RunFolder, resolve_input
from tactful.sources import refuse_missing, url_of
from tactful.training.types import Part, Trainer

_STEMS: dict[Trainer, tuple[str, ...]] = {
    "sft": ("sft", "pairs"),
    "dpo": ("pairs",),
    "kto": ("pairs",),
    "reward": ("pairs", "sft"),
    "grpo": ("states",),
}
"""Trainer → files of an export that it reads, the better one first."""
_FOLDERS: dict[Trainer, tuple[str, ...]] = {
    "sft": ("dpo", "kto"),
    "dpo": ("dpo",),
    "kto": ("kto", "dpo"),
    "reward": ("dpo", "kto"),
    "grpo": (),
}
"""Trainer → folders that `learn` and `feedback pairs` write for it."""
_OF_A_TRAINSET: dict[Trainer, str] = {"sft": "sft", "dpo": "dpo", "kto": "dpo", "reward": "reward"}
"""Trainer → folder that `gym trainset` writes for it."""


class Source(NamedTuple):
    """One file of the data."""

    path: Path
    part: Part | None
    """None: it does not say."""


def sources(data: Path, trainer: Trainer, valid: Path | None = None) -> tuple[list[Source], str]:
    """The files to read, and the command that made them as far as the folder says.

    Raises: UserError, when there is nothing for this trainer.
    """
    if valid is not None:
        return _split(_file(data), _file(valid)), ""
    if not data.is_dir():
        return [Source(_file(data), None)], ""
    if (data / MANIFEST).is_file() and trainer in _OF_A_TRAINSET:
        return sources(data / _OF_A_TRAINSET[trainer], trainer)[0], "gym trainset"
    learned = (data / "learned.json").is_file()  # beside the run that read the log, of which nobody trains
    if (data / "run.json").is_file() and not learned:
        info = RunFolder.open(data).info()
        return [Source(resolve_input(data), None)], f"{info.noun} {info.verb}"
    parts = _parts(data)
    if parts:
        return parts, ""
    for name in _FOLDERS[trainer]:
        parts = _parts(data / name)
        if parts:
            return parts, "learn" if learned else ""
    for stem in _STEMS[trainer]:
        found = _named(data, stem)
        if found:
            return _split(found, _named(data, f"{stem}_validation")), ""
    raise UserError(
        f"{data}: holds nothing that 'train {trainer}' reads (run.json, train.jsonl, "
        f"{', '.join(f'{name}/' for name in _FOLDERS[trainer])}, {', '.join(f'{stem}.jsonl' for stem in _STEMS[trainer])}); "
        "give a run folder, the folder of an export, or a file"
    )


def provenance_beside(path: Path) -> list[dict[str, object]]:
    """One row for each row of an export, in its order; empty where no such file lies beside it. Raises: DataError."""
    names = [f"{path.stem}_provenance.jsonl", *(["provenance.jsonl"] if path.stem == "pairs" else [])]
    for name in names:
        if (path.parent / name).is_file():
            return list(Rows(path.parent / name, dict, kind="row"))
    return []


def _file(path: Path) -> Path:
    if (path / "run.json").is_file():
        return resolve_input(path)
    if path.is_dir():
        raise UserError(f"{path}: is a folder; with --valid-data give two files, or two run folders")
    if url_of(path) is not None:
        refuse_missing(path)
    elif not path.is_file():
        raise UserError(f"{path}: no such file or folder; check the path")
    return path


def _parts(folder: Path) -> list[Source]:
    train = _named(folder, "train")
    return _split(train, _named(folder, "valid") or _named(folder, "validation")) if train else []


def _split(train: Path, valid: Path | None) -> list[Source]:
    return [Source(train, None)] if valid is None else [Source(train, "train"), Source(valid, "valid")]


def _named(folder: Path, stem: str) -> Path | None:
    return next(
        (folder / f"{stem}.{end}" for end in ("jsonl", "json") if (folder / f"{stem}.{end}").is_file()), None
    )
