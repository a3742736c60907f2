"""What every test stands on: nothing of a test is kept in the home of whoever runs it."""

from __future__ import annotations

import os
import tempfile

os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="tactful-tests-")
