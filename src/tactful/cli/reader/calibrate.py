"""`tactful reader calibrate`: probabilities fitted to labels of yours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderFlags, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say, tell_bad


def calibrate(
    files: Annotated[
        list[Path], typer.Argument(metavar="LABELS…", help="Labelled texts of yours, JSONL; 50 or more.")
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the calibrated reader.")],
    by: ReaderFlags,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Fit a reader's probabilities to at least 50 labelled texts per judgement; what reads stays as it is.

    Example: `tactful reader calibrate mine.jsonl --out reader`

    Of a model: `tactful reader calibrate mine.jsonl --reader gpt-4.1-mini --out reader`, then `--reader reader`.
    """
    from tactful.api.reader import calibrate_reader

    fitted = calibrate_reader(
        *files, out=out, reader=by.reader, skip_bad=skip_bad, on_bad=tell_bad, **by.options()
    )
    if as_json:
        emit_json({"out": str(out), "fitted_on": fitted})
    say(", ".join(f"{head}: fitted on {count} texts" for head, count in fitted.items()) + f"; in {out}")
    say("measure it on labels that it was not fitted on: on its own it is truer than on any others")
    next_command(f"tactful reader evaluate OTHER-LABELS --reader {quoted(out)}")
