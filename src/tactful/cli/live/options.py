"""Flags that several verbs of `tactful live` take."""

from __future__ import annotations

from typing import Annotated

import typer

DatabaseOption = Annotated[
    str,
    typer.Option("--database", help="Where decisions are kept: a file, or an address `postgresql://…`."),
]
