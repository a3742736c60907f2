"""Does an assistant ask too much or too little? From its logs to a finding."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tactful.audit.results import Audit


def audit(
    logs: Sequence[Path | str] | Path | str,
    *,
    out: Path | str | None = None,
    reader: str = "encoder",
    limit: int | None = None,
    skip_bad: bool = True,
) -> Audit:
    """What chat logs say about their assistant: how often it asks, which questions were needless, where it guessed.

    `logs` are files or folders in any format that is known. `out` is a new folder for the page (`audit.html`), the same
    as Markdown and JSON, and a line for each turn (`findings.jsonl`). `limit`: look at the first conversations only.

    Raises UserError for logs or a reader that cannot be opened, UsageError when an audit lies in `out` already,
    DataError for a log in which no assistant answers, and without `skip_bad` at the first bad row.

    >>> import json, pathlib, tactful as tf
    >>> said = ["Rename a.txt to b.txt.", "Shall I keep the content?", "I already said: just rename it.", "Done."]
    >>> turns = [{"role": role, "content": text} for role, text in zip(["user", "assistant"] * 2, said)]
    >>> _ = pathlib.Path("log.jsonl").write_text(json.dumps({"messages": turns}))
    >>> tf.audit("log.jsonl").reasons["already said"]
    1
    """
    from tactful.audit.page import FINDINGS, refuse_existing, write_audit
    from tactful.audit.pipeline import audit as audited
    from tactful.data.logs import read_conversations
    from tactful.reading.opening import open_embedded_reader
    from tactful.runs.store.files import atomic_write

    folder = None if out is None else Path(out)
    opened = open_embedded_reader(reader)
    log = read_conversations(logs, strict=not skip_bad)
    if folder is None:
        return audited(log, opened, limit=limit)
    refuse_existing(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lines = stack.enter_context(atomic_write(folder / FINDINGS))
        found = audited(
            log,
            opened,
            limit=limit,
            on_finding=lambda _, finding: lines.writelines([finding.model_dump_json().encode(), b"\n"]),
        )
    write_audit(found, folder)
    return found
