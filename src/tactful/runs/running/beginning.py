"""What stood at the place of a run before it began: a run that stored nothing leaves it as it was.

A wrong option often shows only when the models are opened or the first line is read. Were the folder left behind,
the corrected command would be refused, because the folder exists.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tactful.runs.store.files import make_private_folder


@dataclass(frozen=True)
class Beginning:
    """A place for a run, as it was found."""

    path: Path
    existed: bool
    """The folder was there; it is never removed."""
    was_empty: bool
    """Nothing was in it, so what is in it now is this run's."""
    parents: tuple[Path, ...]
    """The missing folders above it, innermost first."""

    @classmethod
    def at(cls, path: Path) -> Beginning:
        """Look, before anything is made. Raises: OSError."""
        existed = path.exists()
        parents = [folder for folder in path.absolute().parents if not folder.exists()]
        return cls(path, existed, not existed or not any(path.iterdir()), tuple(parents))

    def make(self) -> None:
        """Make the folder. Raises: UserError, and leaves nothing behind, where that is not possible."""
        try:
            make_private_folder(self.path)
        except BaseException:
            self._remove_parents()
            raise

    @property
    def ours(self) -> bool:
        """Everything in the folder is of this run, and no call was paid in it."""
        return self.was_empty and not _holds_calls(self.path / "calls.sqlite")

    def restore(self) -> None:
        """Remove what this run made. Call it for a folder that is `ours`, with its lock held, its state closed."""
        for entry in self.path.iterdir():
            entry.unlink()
        if not self.existed:
            self.path.rmdir()
            self._remove_parents()

    def _remove_parents(self) -> None:
        with suppress(OSError):  # another run has put something there meanwhile, or it was never made
            for folder in self.parents:
                folder.rmdir()


def _holds_calls(path: Path) -> bool:
    """Whether a call cache holds any answer; one that cannot be read counts as one that does."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM calls LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return True
