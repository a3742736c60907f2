"""Where the index of a run lies: beside other caches of this user, one folder for each run, never in the run's own."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from tactful.runs.store.files import make_private_folder, write_atomic
from tactful.types import content_hash

_ORIGIN = "of.txt"


def cache_root() -> Path:
    """The viewer's own folder among the caches of this user, made where it is missing. Raises: CannotWrite."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "tactful" / "viewer"
    make_private_folder(root)
    return root


def index_folder(run: Path) -> Path:
    """The folder, made where it is missing; those of runs that are gone are removed. Raises: CannotWrite."""
    origin = os.path.realpath(run)
    root = cache_root()
    _sweep(root)
    folder = root / content_hash(os.fsencode(origin))
    make_private_folder(folder)
    write_atomic(folder / _ORIGIN, (os.fsencode(origin),))
    return folder


def _sweep(root: Path) -> None:
    """Remove the indices of runs that are no more. One that cannot be read or removed stays."""
    for folder in root.iterdir():
        with suppress(OSError):
            origin = os.fsdecode((folder / _ORIGIN).read_bytes())
            if not os.path.lexists(origin):
                shutil.rmtree(folder)
