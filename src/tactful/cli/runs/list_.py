"""`tactful runs list`: what runs there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, print_lines, printable, say

if TYPE_CHECKING:
    from tactful.llm.types import Usage
    from tactful.runs.read.report import RunLine


def list_(
    root: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Folder that holds the runs.")] = Path(
        "runs"
    ),
    as_json: JsonFlag = False,
) -> None:
    """List the runs in a folder, newest first.

    Example: `tactful runs list`
    """
    from tactful.runs.read.report import list_runs

    lines = list_runs(root)
    if as_json:
        emit_json([line.model_dump(mode="json") for line in lines])
        return
    if not lines:
        say(f"{root}: no runs yet")
        return
    heads = ("NAME", "COMMAND", "STATE", "DONE", "FAILED", "SKIPPED", "READ", "COST", "AGE")
    _print_table(heads, [_cells(line) for line in lines])
    for line in lines:
        if line.problem:
            say(f"{line.name}: {line.problem}")


def _cells(line: RunLine) -> tuple[str, ...]:
    from tactful.runs.running.progress import duration

    numbers = (line.done, line.failed, line.skipped, line.read)
    return (
        line.name,
        line.command,
        line.standing,
        *map(str, numbers),
        _cost(line.usage),
        duration(line.age_s),
    )


def _cost(usage: Usage) -> str:
    if usage.cost_usd is None:
        return f"{usage.prompt_tokens + usage.completion_tokens:,} tok"
    return f"${usage.cost_usd:.4f}"


def _print_table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    for row in (heads, *rows):
        print_lines(
            "  ".join(printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
