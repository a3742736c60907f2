"""`tactful bench compare`: several evaluations of the same tasks in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN RUN...",
            help="Runs of `calibrate evaluate`; the first is what others are compared with.",
        ),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Put evaluations under other models, prompts or settings side by side: paired differences of reward.

    Example: `tactful bench compare runs/gpt-4.1-mini runs/qwen3`

    Paired by task, user and pass, intervals (95%) by base task. `calibrate evaluate --model A --model B` does the same.
    """
    from tactful.api.calibrate.compare import compare as compared

    table = compared(*runs)
    if as_json:
        emit_json(table.rows())
    else:
        print_lines(*str(table).splitlines())
    next_command(f"tactful bench report {' '.join(map(quoted, runs))} --out report.html")
