"""`tactful data check`: is every record of a file what it should be?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, print_lines, say

if TYPE_CHECKING:
    from tactful.data.check import Report


def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="RUN|FILE", help="A run folder, or a file of records; `-` is standard input."),
    ],
    *,
    kind: Annotated[
        str | None, typer.Option("--type", help="Kind of record, where the file does not tell.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read every record of a file and name the lines that are not what they should be. Exits 1 if there are any.

    Example: `tactful data check data/seeds/mbpp_states.jsonl`

    Knows what calibrate, feedback and utterance read and write, policies, evaluations, exports for trainers (in TRL's,
    LLaMA-Factory's and OpenAI's form), and the TOML files: personas, space.toml, reward and feedback configurations.
    """
    from tactful.api.data.check import check as checked

    report = checked(file, kind=kind)
    if as_json:
        emit_json(report.model_dump(mode="json"))
    else:
        _print_report(report)
    if not report.read:
        say(f"{report.path}: holds no record, so nothing was checked; give a file with one record per line")
    if report.bad or not report.read:
        raise typer.Exit(1)


def _print_report(report: Report) -> None:
    for problem in report.problems:
        say(problem)
    if report.bad > len(report.problems):
        say(f"… and {report.bad - len(report.problems)} more")
    print_lines(f"{report.path}: {report.type}: {report.read} read = {report.good} good + {report.bad} bad")
