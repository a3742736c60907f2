"""`tactful reader evaluate`: readers side by side on labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json


def evaluate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[LABELS…]", help="Labelled texts, JSONL; default: the bundled held-out writers."
        ),
    ] = None,
    *,
    readers: Annotated[
        list[str] | None,
        typer.Option("--reader", help="Reader to measure; may be given again. Default: encoder."),
    ] = None,
    parts: Annotated[bool, typer.Option("--parts/--whole", help="Rows per language and length too.")] = True,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure readers on texts that they never saw: needs, reactions, offers, with intervals beside the surface reader.

    Example: `tactful reader evaluate --reader encoder`
    """
    from tactful.api.reader import labels, measure_readers

    table = measure_readers(readers or ["encoder"], labels(*(files or ()), skip_bad=skip_bad), seed=seed)
    if as_json:
        emit_json(table.model_dump(mode="json"))
        return
    for line in table.lines(parts=parts):
        print(line)
