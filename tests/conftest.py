"""What every test stands on: nothing of it is kept in the home of whoever runs it, and it takes one core."""

from __future__ import annotations

import os
import tempfile

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="tactful-tests-")
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # matrices here are small: more threads only wait for each other
