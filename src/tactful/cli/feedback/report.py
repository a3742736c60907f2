"""`tactful feedback report`: one page about a judged chat log."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.feedback.options import JudgedArgument, PanelConfidenceOption, split_names
from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, print_lines, say, tell_bad


def report(
    source: JudgedArgument,
    *,
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")],
    by: Annotated[
        str,
        typer.Option(
            "--by", help="Fields of the log to break the shares down by, by commas; default: those found."
        ),
    ] = "",
    time_field: Annotated[
        str | None, typer.Option("--time-field", help="Field that holds the time; default: the usual names.")
    ] = None,
    confidence: PanelConfidenceOption = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Write one HTML page: label shares over time and per field, the worst turns to read first.

    Example: `tactful feedback report runs/feedback --out report.html`
    """
    from tactful.api.feedback.report import feedback_report

    fields = split_names(by) if by else ()
    done = feedback_report(
        source, out, by=fields, time_field=time_field, confidence=confidence, skip_bad=skip_bad
    )
    found = done.overview
    if as_json:
        emit_json(
            {
                "report": str(out),
                "turns": found.total.turns,
                "unscored": found.total.unscored,
                "failed": done.failed,
                "fields": list(found.fields),
                "labels": found.total.as_dict(),
                "bad_lines": done.judged.bad,
            }
        )
    else:
        print_lines(*found.total.lines())
    tell_bad(done.judged)
    if found.rehearsal:
        say("a rehearsal: the offline model's cues made these labels")
    say(f"written: {out}")
