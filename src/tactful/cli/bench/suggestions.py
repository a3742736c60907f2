"""`tactful bench suggestions`: how many suggestions in an editor could stay hidden?"""

from __future__ import annotations

from typing import Annotated

import typer

from tactful.cli.bench.options import NewFolderOption, refuse_taken
from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, say


def suggestions(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Decisions of programmers, JSONL: `user`, `shown_time`, `decided_time`, `accepted`, and what is known of "
            "`confidence`, `numTokens`, `documentLength`, `hidden_state`, `task`, `experience`; `-` is stdin.",
        ),
    ],
    bar: Annotated[
        float,
        typer.Option(
            "--bar",
            min=0.001,
            max=0.999,
            callback=finite,
            help="Of the hidden suggestions at most this share may be such that would have been accepted.",
        ),
    ] = 0.05,
    ablations: Annotated[
        bool,
        typer.Option("--ablations", help="Also measure with fewer and with more features; takes longer."),
    ] = False,
    out: NewFolderOption = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure how many suggestions could be hidden while few of the hidden ones would have been accepted.

    Example: `tactful bench suggestions decisions.jsonl --out hiding`

    Each user is judged by a model that was not trained on the user, with a threshold chosen on yet other users.
    """
    from tactful.data.formats.labelled import read_decisions
    from tactful.evaluation.suggestions.measure import measure_suggestions
    from tactful.evaluation.suggestions.report import suggestion_lines, write_bench

    refuse_taken(out)
    given = read_decisions(data, skip_bad=skip_bad)
    found = measure_suggestions(
        given.decisions, data=given.name, bar=bar, ablations=ablations, bad_rows=given.bad, seed=seed
    )
    if given.bad:
        say(f"{given.bad} unusable rows left out")
    if out is not None:
        results, page = write_bench(found, out)
        say(f"results: {results}\npage: {page}")
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        for line in suggestion_lines(found):
            typer.echo(line)
