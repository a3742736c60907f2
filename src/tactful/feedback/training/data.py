"""Training data from judged turns, whole: the rows as a run, and the trainers' files beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tactful.data.io import held
from tactful.errors import DataError, UsageError
from tactful.feedback.judged import JudgedTurns
from tactful.feedback.training.files import pairs_job, write_trainer_files
from tactful.feedback.training.pairs import PairsConfig, PairsSummary, TrainingRows
from tactful.runs import RunOptions, RunSummary, run_job


@dataclass(frozen=True)
class TrainingData:
    """What was made from judged turns, and where it lies."""

    run: RunSummary
    config: PairsConfig
    found: PairsSummary
    files: dict[Path, int]
    """File in a trainer's form → its rows."""
    judged: JudgedTurns

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` holds."""
        found = self.found
        return {
            "run": str(self.run.folder.path),
            "turns": found.turns,
            "good": found.good,
            "bad": found.bad,
            "left_out": dict(found.left_out),
            "pairs": dict(found.pairs),
            "pairs_left_out": dict(found.pairs_left_out),
            "contradicting_pairs": found.contradicting,
            "rows_by_part": dict(found.parts),
            "grouped_by": self.config.group_by,
            "files": {str(path): count for path, count in self.files.items()},
            "bad_lines": self.judged.bad,
        }


def make_training_data(judged: JudgedTurns, config: PairsConfig, options: RunOptions) -> TrainingData:
    """A run that stores the rows, their files for TRL, and `summary.json`.

    Raises: UsageError for parts that leave nothing to train on; DataError where no turn was judged.
    """
    if config.valid + config.test >= 1:
        raise UsageError(f"--valid {config.valid} and --test {config.test} leave nothing to train on")
    rows = TrainingRows(held(judged, judged.source), config)
    run = run_job(pairs_job(config, rows), options)
    if not rows.summary.turns:
        raise DataError(f"{judged.source}: holds no judged turn; give the folder of 'tactful feedback judge'")
    data = TrainingData(run, config, rows.summary, write_trainer_files(run.folder), judged)
    run.folder.save_summary(data.as_dict())
    return data
