"""`tactful bench suggestions`: how many suggestions in an editor could stay hidden?"""

from __future__ import annotations

from typing import Annotated

import typer

from tactful.cli.bench.options import NewFolderOption, refuse_taken
from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag, finite
from tactful.cli.output import say, tell_found


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
    from tactful.api.reward.suggestions import bench_suggestions

    refuse_taken(out)
    found = bench_suggestions(data, bar=bar, ablations=ablations, seed=seed, skip_bad=skip_bad)
    if found.bad_rows:
        say(f"{found.bad_rows} unusable rows left out")
    if out is not None:
        results, page = found.save(out)
        say(f"results: {results}\npage: {page}")
    tell_found(found, as_json=as_json)
