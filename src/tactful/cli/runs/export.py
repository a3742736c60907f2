"""`tactful runs export`: the outputs from the state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, RunArgument
from tactful.cli.output import emit_json, say


def export(
    run: RunArgument,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="Write the records here instead (`-`: stdout), also while the run works."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write records.jsonl and failures.jsonl of a run from its state.

    Example: `tactful runs export runs/calibrate-rollout-20260101T120000Z --to -`
    """
    from tactful.runs import RunFolder
    from tactful.runs.read.export import export as write_outputs
    from tactful.runs.read.export import export_records
    from tactful.runs.store.lock import only_writer

    folder = RunFolder.open(run)
    if to is not None and str(to) == "-":
        export_records(folder, sys.stdout.buffer)
        return
    if to is not None:
        export_records(folder, to)
    else:
        with only_writer(folder.path):
            write_outputs(folder)
    written = to or folder.records_path
    if as_json:
        emit_json({"records": str(written), "failures": str(folder.failures_path) if to is None else None})
    say(f"written: {written}")
