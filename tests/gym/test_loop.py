"""The whole loop, at a small size: moments train a model, a gate from costs decides, and it pays on scenes held out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_gated_assistant_is_worth_more_than_always_and_never_offering_on_scenes_held_out():
    data = Path(os.environ.get("TACTFUL_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (data / "proactivebench").is_dir():
        pytest.skip("eight held-out groups take ProactiveBench's scenes: set TACTFUL_TEST_DATA")
    script = ROOT / "benchmarks" / "gym_loop.py"
    done = subprocess.run(
        [sys.executable, script, "loop", "--small", "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["loop"]["costs"].values()
    assert found["gate_less"]["always"]["low"] > 0
    assert found["gate_less"]["none"]["low"] > 0
    assert found["rows"]["gate"]["utility"]["groups"] >= 8
