"""`tactful bench`: reports of what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.common import JsonFlag, emit_json, say
from tactful.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the noun `bench`."""
    noun = typer.Typer(no_args_is_help=True, help="Reports of what was measured.")
    noun.callback()(_bench)
    noun.command("report")(report)
    app.add_typer(noun, name="bench")


def _bench() -> None:
    """Reports of what was measured."""


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Runs of `calibrate evaluate`.")],
    out: Annotated[Path, typer.Option("--out", help="The HTML file to write.")] = Path("report.html"),
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a report that is there already.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write one self-contained HTML page: plots, tables, sample conversations, provenance.

    Example: `tactful bench report runs/eval-coding runs/eval-planning --out report.html`
    """
    from tactful.evaluation.report import read_evaluation, write_report

    if out.exists() and not replace:
        raise UsageError(f"{out}: exists already; give --out a new name, or --replace")
    evaluations = [read_evaluation(run) for run in runs]
    write_report(evaluations, out)
    for item in evaluations:
        say(f"{item.domain}: {item.headline()}")
    say(f"report: {out}")
    if as_json:
        headlines = [
            {
                "run": str(run),
                "domain": item.domain,
                "learned_wins": item.learned_wins,
                "headline": item.headline(),
            }
            for run, item in zip(runs, evaluations, strict=True)
        ]
        emit_json({"report": str(out), "evaluations": headlines})
