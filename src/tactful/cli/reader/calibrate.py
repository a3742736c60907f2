"""`tactful reader calibrate`: probabilities fitted to labels of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say


def calibrate(
    files: Annotated[
        list[Path], typer.Argument(metavar="LABELS…", help="Labelled texts of yours, JSONL; 50 or more.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the calibrated reader.")],
    reader: Annotated[
        str, typer.Option("--reader", help="`encoder`, or the folder of a reader of yours.")
    ] = "encoder",
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fit a reader's probabilities to at least 50 labelled texts per judgement; the network stays as it is.

    Example: `tactful reader calibrate mine.jsonl --out reader`
    """
    from tactful.api.reader import calibrate_reader

    fitted = calibrate_reader(*files, out=out, reader=reader, skip_bad=skip_bad)
    if as_json:
        emit_json({"out": str(out), "fitted_on": fitted})
    say(", ".join(f"{head}: fitted on {count} texts" for head, count in fitted.items()) + f"; in {out}")
    next_command(f"tactful reader evaluate {' '.join(map(quoted, files))} --reader {quoted(out)}")
