"""`tactful audit`: does an assistant ask too much or too little?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderOption
from tactful.cli.output import emit_json, say


def audit(
    logs: Annotated[
        list[Path],
        typer.Argument(metavar="LOGS...", help="Chat logs: files of any known format, or folders of them."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="New folder for the page.")] = Path("audit"),
    reader: ReaderOption = "encoder",
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Look at the first N conversations only.")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Stop at the first row that cannot be read, where it is counted else."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Say how often an assistant asks, which questions were needless, where it guessed, and write a page about it.

    Example: `tactful audit logs/ --out audit`

    No key and no network: the bundled reader judges. The folder gets `audit.html`, `audit.md`, `audit.json`, and
    `findings.jsonl` with a line for each turn of the assistant. What could not be judged is counted, never guessed.
    """
    from tactful.api.audit import audit as audited

    found = audited(list(logs), out=out, reader=reader, limit=limit, skip_bad=not strict)
    if as_json:
        emit_json(found.model_dump(mode="json", exclude={"examples", "differences"}))
    else:
        print(found.paragraph)
    for limitation in found.limits:
        say(f"mind: {limitation}")
    if found.read["bad"]:
        say(f"{found.read['bad']} rows could not be read and are left out")
    say(f"the page: {out / 'audit.html'}")
