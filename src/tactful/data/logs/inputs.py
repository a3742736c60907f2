"""What a user gave: a log or something else, a folder of logs or a run folder."""

from __future__ import annotations

from pathlib import Path

from tactful.data.logs.log import Log
from tactful.data.logs.opening import files_of, open_parts
from tactful.errors import DataError
from tactful.sources import is_folder


def log_input(path: Path) -> Path:
    """A folder of logs as it is, else the file that a command should read: `resolve_input`.

    Raises: DataError, also for a folder in which nothing could be a log.
    """
    from tactful.runs import resolve_input

    if is_folder(path) and not (path / "run.json").exists():
        if not files_of(path):
            fix = "give a file, the folder of a run, or a folder of chat logs"
            raise DataError.at(path, None, "is a folder without a run or a log in it", fix=fix)
        return path
    return resolve_input(path)


def is_log(path: Path | str) -> bool:
    """Whether a file is a chat log that is known, by its first rows. Raises: UserError when it cannot be read."""
    log = Log(path, on_bad=lambda name, number, problem, other: None)
    return any(log.format_of(name, part) is not None for name, part in open_parts(path))
