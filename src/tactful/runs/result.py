"""What became of a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tactful.llm.types import Usage
from tactful.types import Written

RowState = Literal["done", "failed", "skipped"]


class Failure(Written):
    """A record that failed: kept, counted, and taken again only by `tactful runs retry`."""

    row_kind = "failures"

    id: str
    stage: str
    error: str
    """Class of the exception, or the outcome of the call: `ParseError`, `out_of_reach`."""
    reason: str
    attempts: int
    input_hash: str
    detail: str = ""
    """Where an exception that nobody raised on purpose came from: the innermost calls."""


@dataclass(slots=True)
class Result:
    """What became of one record, ready to be stored. Made of bytes and numbers, so it crosses processes."""

    state: RowState
    lines: bytes = b""
    """The outputs as JSON lines, each ended by a newline."""
    outputs: int = 0
    unscored: bool = False
    """At least one output says `unscored`: it counts as done, and `runs retry --unscored` takes it again."""
    stage: str = ""
    error: str = ""
    reason: str = ""
    detail: str = ""
    usage: Usage | None = None
    elapsed_s: float = 0.0
