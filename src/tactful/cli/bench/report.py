"""`tactful bench report`: what was measured, as a page, a picture or a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, say
from tactful.errors import UsageError


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="Runs of `calibrate evaluate` or of `utterance evaluate`."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            help="What to write, by its ending: a page (.html), a picture (.svg, .pdf, .png) or a table (.csv, .md, .tex).",
        ),
    ] = Path("report.html"),
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a report that is there already.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write one self-contained HTML page (plots, tables, sample conversations, provenance), a picture or a table.

    Example: `tactful bench report runs/eval-coding runs/eval-planning --out report.html`

    For a paper: `tactful bench report runs/eval-coding --out pareto.pdf`, and the figures as `--out table.tex`
    """
    if out.exists() and not replace:
        raise UsageError(f"{out}: exists already; give --out a new name, or --replace")
    _refuse_doubled(runs)
    told = (_utterance_report if _of_utterances(runs) else _policy_report)(runs, out)
    for subject, one in told:
        say(f"{subject}: {one['headline']}")
    say(f"report: {out}")
    if as_json:
        rows = [{"run": str(run), **one} for run, (_, one) in zip(runs, told, strict=True)]
        emit_json({"report": str(out), "evaluations": rows})


def _refuse_doubled(runs: list[Path]) -> None:
    """Raises: UsageError for a run that is named twice, by whatever path: it would count as two results."""
    seen: set[Path] = set()
    for run in runs:
        if run.resolve() in seen:
            raise UsageError(f"{run}: is named twice; name each run once")
        seen.add(run.resolve())


def _of_utterances(runs: list[Path]) -> bool:
    """All of them evaluate predicted messages. Raises: UsageError when only some do: a page holds one kind."""
    from tactful.evaluation.utterance.report import is_utterance_evaluation

    kinds = [is_utterance_evaluation(run) for run in runs]
    if any(kinds) and not all(kinds):
        other = runs[kinds.index(False)]
        raise UsageError(
            f"{other}: is no run of 'utterance evaluate' like the others; make a page for each kind"
        )
    return all(kinds)


def _policy_report(runs: list[Path], out: Path) -> list[tuple[str, dict[str, Any]]]:
    """What each evaluation is of, and what is told of it, once the report is written."""
    from tactful.evaluation.policies.report import read_evaluation
    from tactful.evaluation.policies.tables import write_result

    evaluations = [read_evaluation(run) for run in runs]
    write_result(evaluations, out)
    return [
        (one.domain, {"domain": one.domain, "learned_wins": one.learned_wins, "headline": one.headline()})
        for one in evaluations
    ]


def _utterance_report(runs: list[Path], out: Path) -> list[tuple[str, dict[str, Any]]]:
    from tactful.evaluation.utterance.report import read_utterance_evaluation, write_utterance_report

    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out}: of predicted messages there is a page only; name it .html")
    evaluations = [read_utterance_evaluation(run) for run in runs]
    write_utterance_report(evaluations, out)
    return [(one.source, {"source": one.source, "headline": one.headline()}) for one in evaluations]
