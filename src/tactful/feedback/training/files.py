"""Training rows as a run, and as the files that TRL reads: only its own columns; provenance stays in the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from tactful.data.exporting.forms import Answered, Preference, completion_sft, trl_pair
from tactful.data.io import write_jsonl
from tactful.errors import DataError
from tactful.feedback.training.pairs import PairsConfig, TrainingRow, UnpairedRow
from tactful.runs import Context, Job, RunFolder

FOLDERS = {"unpaired": "kto", "pair": "dpo"}
"""Kind of row → folder of its files."""
PARTS = ("train", "valid", "test")
ROW: TypeAdapter[TrainingRow] = TypeAdapter(Annotated[TrainingRow, Field(discriminator="kind")])
"""A row of either kind, told by its `kind`."""


@dataclass(frozen=True)
class KeepStage:
    """Stores a row as it is."""

    async def __call__(self, record: TrainingRow, context: Context) -> TrainingRow:
        """The row."""
        return record


def pairs_job(config: PairsConfig, rows: Iterable[TrainingRow]) -> Job:
    """The run that stores `rows`."""
    return Job(noun="feedback", verb="pairs", config=config, source=rows, stage=KeepStage())


def write_trainer_files(folder: RunFolder) -> dict[Path, int]:
    """Write `kto/` and `dpo/` with one file per part, for TRL; file → number of rows. A part without rows has no file.

    Raises: DataError when the folder holds other rows.
    """
    written: dict[Path, int] = {}
    for kind, name in FOLDERS.items():
        for part in PARTS:
            path = folder.path / name / f"{part}.jsonl"
            rows = map(_columns, (row for row in _rows(folder) if row.kind == kind and row.part == part))
            first = next(rows, None)
            if first is not None:
                written[path] = write_jsonl(path, chain([first], rows))
    return written


def _columns(row: TrainingRow) -> dict[str, object]:
    """TRL's conversational columns, for unpaired preferences or for preference pairs."""
    if isinstance(row, UnpairedRow):
        return {**completion_sft(Answered(row.id, row.prompt, row.completion)), "label": row.label}
    return trl_pair(Preference(row.id, row.prompt, row.chosen, row.rejected))


def _rows(folder: RunFolder) -> Iterator[TrainingRow]:
    try:
        with folder.records_path.open("rb") as file:
            for line in file:
                yield ROW.validate_json(line)
    except ValueError as error:
        raise DataError(
            f"{folder.records_path}: holds something else than training rows ({error})"
        ) from error
