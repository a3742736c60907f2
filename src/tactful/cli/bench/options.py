"""Flags that the verbs of `bench` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tactful.errors import UsageError

NewFolderOption = Annotated[
    Path | None, typer.Option("--out", help="Write results.json and report.html into this new folder.")
]


def refuse_taken(out: Path | None) -> None:
    """Raises: UsageError for a place that holds anything already."""
    if out is not None and out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        raise UsageError(f"{out}: exists already; give --out a new name")
