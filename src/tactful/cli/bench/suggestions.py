"""`tactful bench suggestions`: how many suggestions in an editor could stay hidden?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, say
from tactful.errors import UsageError, UserError

if TYPE_CHECKING:
    from tactful.data.formats.suggestions import Decision


def register(noun: typer.Typer) -> None:
    """Add the verb to the noun `bench`."""
    noun.command("suggestions")(suggestions)


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
    out: Annotated[
        Path | None, typer.Option("--out", help="Write results.json and report.html into this new folder.")
    ] = None,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Measure how many suggestions could be hidden while few of the hidden ones would have been accepted.

    Example: `tactful bench suggestions decisions.jsonl --out hiding`

    Each user is judged by a model that was not trained on the user, with a threshold chosen on yet other users.
    """
    from tactful.evaluation.suggestions.measure import measure_suggestions
    from tactful.evaluation.suggestions.report import suggestion_lines, write_bench

    if out is not None and out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise UsageError(f"{out}: exists already; give --out a new name")
    decisions, bad = _read(data, skip_bad=skip_bad)
    found = measure_suggestions(
        decisions, data=", ".join(data), bar=bar, ablations=ablations, bad_rows=bad, seed=seed
    )
    if bad:
        say(f"{bad} unusable rows left out")
    if out is not None:
        results, page = write_bench(found, out)
        say(f"results: {results}\npage: {page}")
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        for line in suggestion_lines(found):
            typer.echo(line)


def _read(paths: list[str], *, skip_bad: bool) -> tuple[list[Decision], int]:
    """(the decisions of all files, unusable rows). Raises: DataError, UserError for none or for one given twice."""
    from tactful.data.formats.suggestions import suggestion_rows

    decisions: list[Decision] = []
    seen: dict[str, str] = {}
    bad = 0
    for path in paths:
        rows = suggestion_rows(path, skip_bad=skip_bad)
        for decision in rows:
            name = decision.suggestion.id
            if name in seen:
                raise UserError(
                    f"{path}: suggestion '{name}' is in {seen[name]} too; give each decision once"
                )
            decisions.append(decision)
        seen |= {
            decision.suggestion.id: rows.name for decision in decisions if decision.suggestion.id not in seen
        }
        bad += rows.bad
    if not decisions:
        why = f"all {bad} rows are unusable" if bad else "the files are empty"
        raise UserError(f"{', '.join(paths)}: no decision to measure ({why}); run 'tactful data check'")
    return decisions, bad
