"""`tactful reader evaluate`: readers side by side on labelled texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderFlags, SeedOption, SkipBadFlag
from tactful.cli.output import tell_bad, tell_found
from tactful.cli.splice import without


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
        typer.Option(
            "--reader",
            help="Reader to measure, may be given again: `encoder`, a folder, `MODEL`, `decisions:MODEL`, `consistency:MODEL`, each with @URL where it answers elsewhere. Default: encoder.",
        ),
    ] = None,
    by: Annotated[ReaderFlags, without("reader")],
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, help="Whole contrast groups, drawn by --seed, of about N texts a judgement."
        ),
    ] = None,
    aside: Annotated[
        bool,
        typer.Option(
            "--aside", help="Of LABELS only the fourth of the groups that `reader train` leaves out."
        ),
    ] = False,
    parts: Annotated[bool, typer.Option("--parts/--whole", help="Rows per language and length too.")] = True,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure every way to read on texts that it never saw: needs, reactions, offers, with intervals, latency, memory and cost.

    Example: `tactful reader evaluate --reader encoder`

    A small model of yours: `tactful reader evaluate --reader qwen3:4b --base-url http://localhost:11434/v1 --limit 100`
    """
    from tactful.api.reader import labels, measure_readers

    found = labels(*(files or ()), aside=aside, skip_bad=skip_bad, on_bad=tell_bad)
    if limit is not None:
        from tactful.evaluation.readers.sample import sampled

        found = sampled(found, limit, seed)
    table = measure_readers(readers or ["encoder"], found, **by.options(seed=seed))
    tell_found(table, lambda one: one.lines(parts=parts), as_json=as_json)
