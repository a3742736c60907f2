"""`tactful data init`: folders for data, each with a word on what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, next_command, say


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where the folders are made.")] = Path(
        "data"
    ),
    *,
    as_json: JsonFlag = False,
) -> None:
    """Make the folders external, seeds, logs, dpo and eval, each with a README that says what it is for.

    Example: `tactful data init`

    What exists stays as it is.
    """
    from tactful.data.layout import LAYOUT, init_data

    written = init_data(folder)
    if as_json:
        emit_json({"folder": str(folder), "written": [str(path) for path in written]})
        return
    for name, purpose in LAYOUT.items():
        say(f"{folder / name}/  {purpose}")
    next_command(f"tactful data import mbpp FILE --out {folder / 'seeds' / 'mbpp_states.jsonl'}")
