"""`tactful bench freeze`: one's own recorded and annotated session as a benchmark in ProactiveBench's form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say, tell_bad


def freeze(
    events: Annotated[
        Path,
        typer.Argument(
            metavar="EVENTS",
            help="The session's events, oldest first: JSONL of `time`, `event`, or CSV with these.",
        ),
    ],
    labels: Annotated[
        Path,
        typer.Option(
            "--labels",
            help="What people said about it: JSONL with `obs`, `pred_task`, `valid`, `help_needed`.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the benchmark.")],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the session; default: that of the file.")
    ] = None,
    split: Annotated[str, typer.Option("--split", help="Split that the session belongs to.")] = "own",
    add: Annotated[bool, typer.Option("--add", help="Add the session to the benchmark in --out.")] = False,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Freeze a recorded, annotated session as a benchmark: traces, labels, splits and a manifest of hashes.

    Example: `tactful bench freeze monday.jsonl --labels monday-labels.jsonl --out mine`

    Every observation in --labels must be the session's events from the first on. `bench proactive` then runs on the
    folder, and refuses it when a frozen file was changed.
    """
    from tactful.data.formats.moments import labelled_rows
    from tactful.evaluation.proactive.events import read_events
    from tactful.evaluation.proactive.freeze import freeze as freeze_session

    rows = labelled_rows(labels, skip_bad=skip_bad)
    frozen = freeze_session(
        read_events(events, skip_bad=skip_bad),
        list(rows),
        out,
        name=name or events.stem,
        split=split,
        add=add,
    )
    tell_bad(rows)
    if as_json:
        emit_json(frozen.model_dump(mode="json"))
    say(
        f"{frozen.trace}: {frozen.events} events, {frozen.labelled} labelled moments, need for help known at "
        f"{frozen.needs_known} events; {out} holds {frozen.sessions} sessions"
    )
    next_command(
        f"tactful bench proactive {quoted(out)} --model offline --judge-data LABELS_OF_OTHER_SESSIONS"
    )
