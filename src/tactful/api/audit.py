"""Does an assistant ask too much or too little? From its logs to a finding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.options import (
    ExecutorOptions,
    ReaderOptions,
    at_least_one,
    executor_options,
    reader_setup,
    run_options,
    takes,
)
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.audit.pipeline import Reads
    from tactful.audit.results import Audit
    from tactful.audit.types import Finding, Passage


class AuditOptions(ReaderOptions, ExecutorOptions, total=False):
    """How passages are read, and where: on Ray an embedded reader reads in every worker."""


@takes(AuditOptions)
def audit(
    logs: Sequence[Path | str] | Path | str,
    *,
    out: Path | str | None = None,
    reader: str = "encoder",
    model: str | None = None,
    labels: Path | str | None = None,
    limit: int | None = None,
    skip_bad: bool = True,
    reading: LogReading | None = None,
    **options: Unpack[AuditOptions],
) -> Audit:
    """What chat logs say about their assistant: how often it asks, which questions were needless, where it guessed.

    `logs` are files or folders in any format that is known. `out` is a new folder for the page (`audit.html`), the same
    as Markdown and JSON, and a line for each turn (`findings.jsonl`). `model`: a chat model judges, and the page shows
    where the reader differs. `labels`: a file of annotations, or `ratings` for those in the log, to measure the audit
    against. `limit`: look at the first conversations only. `reading`: how the logs are read, as in `tf.conversations`.
    Options are for whoever asks a model, and where an embedded reader reads: see `AuditOptions`.

    Raises UserError for logs or a reader that cannot be opened, UsageError when an audit lies in `out` already,
    DataError for a log in which no assistant answers, and without `skip_bad` at the first bad row.

    >>> import json, pathlib, tactful as tf
    >>> said = ["Rename a.txt to b.txt.", "Shall I keep the content?", "I already said: just rename it.", "Done."]
    >>> turns = [{"role": role, "content": text} for role, text in zip(["user", "assistant"] * 2, said)]
    >>> _ = pathlib.Path("log.jsonl").write_text(json.dumps({"messages": turns}))
    >>> tf.audit("log.jsonl").reasons["already said"]
    1
    """
    from tactful.audit.figures.agreement import Labels
    from tactful.audit.judging.prompted import PromptedJudge
    from tactful.audit.page import DATA, FINDINGS, PAGE, TEXT, write_audit
    from tactful.audit.pipeline import audit as audited
    from tactful.data.io import to_line
    from tactful.data.logs import read_conversations
    from tactful.data.page import refuse_existing
    from tactful.reading.opening import open_reader
    from tactful.runs.store.files import atomic_write

    at_least_one("limit", limit)
    folder = None if out is None else Path(out)
    how: LogReading = {"strict": not skip_bad, **(reading or {})}
    setup = reader_setup(options)
    with ExitStack() as stack:
        lines = None
        if folder is not None:
            refuse_existing(folder, (PAGE, TEXT, DATA))
            folder.mkdir(parents=True, exist_ok=True)
            lines = stack.enter_context(atomic_write(folder / FINDINGS))

        def keep(_: Passage, finding: Finding) -> None:
            if lines is not None:
                lines.write(to_line(finding))

        found = outside_loop(
            lambda: audited(
                read_conversations(logs, **how),
                open_reader(reader, setup),
                model=None if model is None else PromptedJudge(model, setup),
                labels=None if labels is None else Labels(str(labels)),
                limit=limit,
                on_finding=keep,
                spread=stack.enter_context(_spread(reader, options)),
            )
        )
    if folder is not None:
        write_audit(found, folder)
    return found


@contextmanager
def _spread(reader: str, options: Mapping[str, Any]) -> Iterator[Reads | None]:
    """Who reads on Ray; None for this process. Raises: UsageError for a reader that asks a model."""
    chosen = run_options(executor_options(options))
    if chosen.executor == "local":
        yield None
        return
    from tactful.audit.judging.on_ray import Reading
    from tactful.reading.opening import is_reader
    from tactful.runs.running.ray.spread import Spread

    if chosen.per_worker_concurrency is not None:
        raise UsageError(
            "--per-worker-concurrency is for runs; a worker of an audit reads one batch at a time"
        )
    if not is_reader(reader):
        raise UsageError(
            f"--executor ray spreads readers that are embedded, and '{reader}' asks a model: leave the executor out"
        )
    place = str(Path(reader).resolve()) if Path(reader).is_dir() else reader
    spread: Spread[list[Passage], list[Finding]] = Spread(
        Reading, place, workers=chosen.how_many_workers, address=chosen.ray_address
    )
    with spread:
        yield lambda batches: (list(zip(batch, found, strict=True)) for batch, found in spread.map(batches))
