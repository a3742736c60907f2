"""What every test stands on: nothing of it is kept in the home of whoever runs it, and it takes one core."""

from __future__ import annotations

import os
import tempfile

from hypothesis import settings

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="tactful-tests-")
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # matrices here are small: more threads only wait for each other

# The gate tries the same examples each time, so that it fails for what was changed; `make soak` draws new ones.
settings.register_profile("drawn anew", deadline=None, max_examples=1000)
settings.register_profile("the same", deadline=None, derandomize=True)
settings.load_profile("the same")
