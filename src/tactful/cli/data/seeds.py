"""`tactful data seeds`: bundled data as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError


def moments(
    *,
    out: Annotated[Path, typer.Option("--out", help="JSONL file to write.")] = Path("moments.jsonl"),
    as_json: JsonFlag = False,
) -> None:
    """Write the bundled moments: thirty work sessions with proposals and silences, judged by their author.

    Example: `tactful data seeds moments --out moments.jsonl`

    They are for first tries and tests of `tactful reward`: the verdicts are the author's, no evidence about people.
    """
    from collections import Counter

    from tactful.data.formats.moments import moment_row
    from tactful.data.io import write_jsonl
    from tactful.data.seeds.moments import load_seed_moments

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    if as_json and str(out) == "-":
        raise UsageError("--out - and --json both write to stdout; leave one of them out")
    items = load_seed_moments()
    write_jsonl(out, map(moment_row, items))
    sessions = len({item.moment.session for item in items})
    counts = Counter(item.category for item in items)
    if as_json:
        emit_json({"file": str(out), "moments": len(items), "sessions": sessions, "categories": dict(counts)})
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
    say(f"{out}: {len(items)} moments of {sessions} sessions ({told})")
    next_command(f"tactful reward train {quoted(out)} --out model")
