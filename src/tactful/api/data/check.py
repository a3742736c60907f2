"""Is every record of a file what it should be?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.data.check import Report


_IN_FOLDERS = (
    *("pairs.jsonl", "pairs.json", "moments.jsonl", "findings.jsonl", "decisions.jsonl"),
    *("space.toml", "model.json", "suggestions.json"),
)
"""What is read of a folder that one of our commands wrote and that is no run."""


def check(source: os.PathLike[str] | str, *, kind: str | None = None) -> Report:
    """How many records of a run or a file are good, and which lines are not: `.good`, `.bad`, `.problems`.

    `kind` is the kind of record, where the file does not tell; `-` is standard input. No record is kept in memory.

    Raises UsageError for a kind that is not known, DataError where there is no file or its kind does not show.

    >>> import tactful as tf
    >>> tf.states("coding", n=3).save("states.jsonl")
    >>> report = tf.check("states.jsonl")
    >>> report.type, report.read, report.good, report.bad
    ('states', 3, 3, 0)
    """
    from tactful.api.data.kinds import DOCUMENTS, READERS
    from tactful.data.check import check_document, check_file, detect_kind

    path = _file_of(Path(source))
    chosen = kind or detect_kind(path)
    if chosen in DOCUMENTS:
        return check_document(path, chosen, DOCUMENTS[chosen])
    if chosen in READERS:
        return check_file(path, chosen, READERS[chosen])
    raise UsageError(f"--type '{chosen}' is not known; choose one of: {', '.join([*READERS, *DOCUMENTS])}")


def _file_of(given: Path) -> Path:
    """The records of a run folder, the data of an export's or an audit's folder, a saved model's file, a folder of logs, or the file itself."""
    from tactful.data.logs import log_input

    if not given.is_dir() or (given / "run.json").exists():
        return log_input(given)
    for name in _IN_FOLDERS:
        if (given / name).exists():
            return given / name
    return log_input(given)
