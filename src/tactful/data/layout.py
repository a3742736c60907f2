"""The folders of a data project, each with a line that says what it is for."""

from __future__ import annotations

import os
from pathlib import Path

from tactful.runs.store.files import make_folder, write_atomic

LAYOUT = {
    "external": "Files as they came from outside. Never modified: everything else can be made again from them.",
    "seeds": "States to start from: `tactful data import`, `tactful calibrate states`.",
    "logs": "Run folders with trajectories and rewards: `tactful calibrate rollout --out`, `reward --out`.",
    "dpo": "Preference pairs and what was exported from them: `tactful calibrate pairs`, `tactful data export`.",
    "eval": "Evaluations and reports: `tactful calibrate evaluate`, `tactful bench report`.",
}


def init_data(folder: Path | str = "data") -> list[Path]:
    """Create the folders of `LAYOUT` under `folder`, each with a README.md; what exists stays as it is.

    Returns the README files that were written. Raises: UserError when the disk refuses.
    """
    written = []
    for name, purpose in LAYOUT.items():
        readme = Path(folder) / name / "README.md"
        if not os.path.lexists(readme):
            make_folder(readme.parent)
            write_atomic(readme, [f"# {name}\n\n{purpose}\n".encode()], mode=0o644)
            written.append(readme)
    return written
