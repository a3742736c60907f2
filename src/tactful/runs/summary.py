"""How a run stands when its session ends."""

from __future__ import annotations

from dataclasses import dataclass

from tactful.llm.types import Usage
from tactful.runs.read.folder import RunFolder
from tactful.runs.store.state import Counts


@dataclass(frozen=True)
class RunSummary:
    """How a run stands: done + failed + skipped = read."""

    folder: RunFolder
    read: int
    done: int
    failed: int
    skipped: int
    unscored: int
    """Among the done."""
    unfinished: int
    """Taken but not finished when the run stopped; `--resume` takes them again."""
    usage: Usage
    interrupted: bool
    """The run stopped before the end of its input."""

    def counts(self) -> dict[str, int]:
        """How many were read, done, failed and skipped, as commands print it with `--json`."""
        return {"read": self.read, "done": self.done, "failed": self.failed, "skipped": self.skipped}

    @classmethod
    def of(
        cls, folder: RunFolder, counts: Counts, usage: Usage, *, interrupted: bool, unfinished: int = 0
    ) -> RunSummary:
        """From what the state holds."""
        return cls(folder, **counts.of_input, unfinished=unfinished, usage=usage, interrupted=interrupted)
