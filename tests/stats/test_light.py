"""The statistics floor costs nothing to import: whoever only decides loads neither scipy nor scikit-learn."""

import subprocess
import sys

import pytest

ROOM = "estimate bootstrap shares agreement calibration auroc folds offpolicy"


@pytest.mark.slow
def test_the_room_loads_neither_scipy_nor_scikit_learn():
    imports = "; ".join(f"import tactful.stats.{name}" for name in ROOM.split())
    heavy = "[name for name in ('scipy', 'sklearn', 'krippendorff', 'matplotlib') if name in sys.modules]"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
