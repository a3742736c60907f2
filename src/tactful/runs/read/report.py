"""What `tactful runs list` and `show` tell about run folders."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from tactful.errors import DataError, UserError
from tactful.llm.types import Usage
from tactful.runs.read.folder import RunFolder, utc_now
from tactful.runs.read.reasons import Reason
from tactful.types import Record


class RunLine(Record):
    """One run in a list."""

    name: str
    path: str
    command: str
    """Noun and verb."""
    standing: str
    """`running`, `done`, `interrupted`, `killed`; `unreadable` with the reason in `problem`."""
    problem: str = ""
    read: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    unscored: int = 0
    usage: Usage = Usage()
    age_s: float = 0.0
    """Since the run started; never negative, also when the clock was set back."""


class RunReport(RunLine):
    """Everything that `show` tells about one run."""

    info: dict[str, Any]
    """`run.json`."""
    failures: tuple[Reason, ...]
    """Most frequent first."""
    skips: tuple[tuple[str, int], ...]
    damaged: tuple[str, ...]
    """Ids of records whose stored result does not match its hash."""
    stale_outputs: bool
    """`records.jsonl` is missing or does not hold what the state holds."""


def list_runs(root: Path) -> list[RunLine]:
    """The runs directly under `root`, newest first. A folder that is no run is left out.

    Raises: DataError when there is no such folder.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; runs without --out go to ./runs")
    folders = [RunFolder(path) for path in sorted(root.iterdir()) if _may_be_run(path)]
    return sorted((run_line(folder) for folder in folders), key=lambda line: line.age_s)


def _may_be_run(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except PermissionError:  # whether it is one cannot be seen
        return True


def run_line(folder: RunFolder) -> RunLine:
    """One run in short; a damaged one is listed as `unreadable`."""
    name = Path(os.path.realpath(folder.path)).name
    try:
        info, counts = folder.info(), folder.counts()
        return RunLine(
            name=name,
            path=str(folder.path),
            command=f"{info.noun} {info.verb}",
            standing=folder.standing(),
            **counts.of_input,
            usage=folder.usage(),
            age_s=max(0.0, (utc_now() - info.started_at).total_seconds()),
        )
    except (UserError, OSError) as error:
        return RunLine(
            name=name, path=str(folder.path), command="", standing="unreadable", problem=str(error)
        )


def run_report(folder: RunFolder) -> RunReport:
    """Everything about one run; reads every stored row to check its hash. Raises: DataError."""
    info = folder.info()
    line = run_line(folder)
    if line.problem:
        raise DataError(line.problem)
    with closing(folder.state()) as state:
        damaged = tuple(row.record_id for row in state.rows() if row.damaged)
    return RunReport(
        **dict(line),
        info=info.model_dump(mode="json"),
        failures=tuple(folder.reasons("failed")),
        skips=tuple((reason, count) for _, _, reason, count in folder.reasons("skipped")),
        damaged=damaged,
        stale_outputs=not damaged and not _outputs_agree(folder),
    )


def _outputs_agree(folder: RunFolder) -> bool:
    """Whether `records.jsonl` holds exactly the stored outputs. Anything but a file, as a pipe, holds none."""
    if not folder.records_path.is_file():
        return False
    try:
        with closing(folder.state()) as state, folder.records_path.open("rb") as file:
            agree = all(file.read(len(row.result.lines)) == row.result.lines for row in state.rows("done"))
            return agree and not file.read(1)
    except FileNotFoundError:
        return False
