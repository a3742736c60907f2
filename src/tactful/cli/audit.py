"""`tactful audit`: does an assistant ask too much or too little?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import ExecutorFlags, JsonFlag, LogFlags, ReaderFlags, StrictFlag
from tactful.cli.output import emit_json, print_lines, say, tell_reading
from tactful.cli.splice import without


def audit(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOGS...", help="Chat logs: files of any known format, or folders of them."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the page.")] = Path("audit"),
    model: Annotated[
        str | None,
        typer.Option("--model", help="Let this chat model judge, and show where the reader differs."),
    ] = None,
    at: Annotated[ReaderFlags, without("unsafe_exec")],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            help="Measure the audit against annotations (JSONL), or against the log's own `ratings`.",
        ),
    ] = None,
    log: LogFlags,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Look at the first N conversations only.")
    ] = None,
    strict: StrictFlag = False,
    on: Annotated[ExecutorFlags, without("per_worker_concurrency")],
    as_json: JsonFlag = False,
) -> None:
    """Say how often an assistant asks, which questions were needless, where it guessed, and write a page about it.

    Example: `tactful audit logs/ --out audit`

    No key and no network: the bundled reader judges, unless --model or --reader names a model. The folder gets `audit.html`, `audit.md`, `audit.json`, and
    `findings.jsonl` with a line for each turn of the assistant. What could not be judged is counted, never guessed.
    """
    from tactful.api.audit import audit as audited
    from tactful.text.counting import counted

    found = audited(
        list(logs),
        out=out,
        reader=at.reader,
        model=model,
        labels=labels,
        limit=limit,
        skip_bad=not strict,
        reading=log.given(),
        **at.options(),
        **on.chosen(),
    )
    tell_reading(found)
    if as_json:
        emit_json(found.model_dump(mode="json", exclude={"examples", "differences"}))
    else:
        print_lines(found.paragraph)
        for one in found.agreements:
            print_lines(
                f"{one.what}, {one.fault}: precision {one.precision.percent(0)}, recall {one.recall.percent(0)}"
            )
    for limitation in found.limits:
        say(f"mind: {limitation}")
    if found.read["bad"]:
        say(
            f"{counted(found.read['bad'], 'row')} could not be read: left out; the first: {found.read['problem']}"
        )
    say(f"the page: {out / 'audit.html'}")
