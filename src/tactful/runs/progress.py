"""How far is the run? Shown on stderr: a live line on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

from tactful.llm.types import Usage
from tactful.runs.types import RowState


@dataclass
class Tally:
    """Counts of this session."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    usage: Usage = field(default_factory=Usage)

    def count(self, state: RowState, cost: Usage | None) -> None:
        """One more record is stored."""
        setattr(self, state, getattr(self, state) + 1)
        if cost is not None:
            self.usage += cost


class Progress:
    """Shows nothing."""

    every_s = 1.0

    def show(self, tally: Tally) -> None:
        """Called every `every_s`."""


class PlainProgress(Progress):
    """A line every few seconds."""

    every_s = 5.0

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()

    def show(self, tally: Tally) -> None:
        """One line."""
        finished = tally.done + tally.failed + tally.skipped
        if finished:
            print(
                f"{self._title}: {tally.done} done, {tally.failed} failed, {tally.skipped} skipped",
                file=sys.stderr,
            )  # noqa: T201
