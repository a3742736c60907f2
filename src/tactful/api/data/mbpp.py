"""MBPP as states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.formats.mbpp import MbppImport


def import_mbpp(
    file: Path | str | None = None,
    *,
    out: Path | str,
    hub: bool = False,
    split: str = "train",
    seed: int = 0,
    skip_bad: bool = False,
    unsafe_exec: bool = False,
) -> MbppImport:
    """MBPP as states in the file `out`: half name the function and show a test, half do not; references are run first.

    `file` is the full set as JSONL; with `hub` it comes from the Hugging Face Hub. Tasks whose own reference fails go
    to a file beside, with the reason: read = imported + quarantined + bad.

    Raises DataError for a set without tasks, UsageError when `out` exists, SafetyRefusal where there is no cage.
    """
    from tactful.calibration.tasks.states import complete_states
    from tactful.data.formats import mbpp as form
    from tactful.sandbox import Sandbox

    if (file is None) == (not hub):
        raise UsageError("give either FILE or --hub")
    place = Path(out)
    for path in (place, form.quarantine_path(place)):
        if path.exists():
            raise UsageError(f"{path}: exists already; give --out a new name")
    with Sandbox(unsafe=unsafe_exec) as sandbox:
        if file is not None:
            result = form.import_mbpp(file, sandbox=sandbox, seed=seed, skip_bad=skip_bad)
        else:
            result = form.import_tasks(form.hub_tasks(split), sandbox=sandbox, seed=seed)
    if not result.read:
        fix = "give MBPP's own JSONL, one task per line"
        raise DataError.at(file or split, None, "holds no task", fix=fix)
    form.write_import(result, complete_states(result.states), place)
    return result
