"""The sandbox on workers of Ray gives the verdicts of the sandbox here, also when workers die."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(200),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra [ray])"),
]
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import psutil
from tactful.sandbox import Job, Sandbox
from tactful.sandbox.on_ray import SpreadSandbox

def jobs(count):
    for number in range(count):
        wrong = "+ 1" if number % 7 == 3 else ""
        yield Job(code=f"def double(x): return 2 * x {wrong}", tests=("assert double(2) == 4", f"assert {number} >= 0"))

def title(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""

def told(verdicts):
    return [[(test.outcome, verdict.tier) for test in verdict.tests] for verdict in verdicts]

with Sandbox() as here:
    wanted = told(here.run_many(jobs(60)))
with SpreadSandbox(2) as spread:
    assert told(spread.run_many(jobs(60))) == wanted, "verdicts differ"
    found = []
    for number, verdict in enumerate(spread.run_many(jobs(60))):
        found.append(verdict)
        if number in (10, 30):
            caged = [one for one in psutil.Process().children(recursive=True) if "ray::Caged" in title(one)]
            caged[number % len(caged)].kill()
    assert told(found) == wanted, "a death changed verdicts"
import ray
assert not ray.is_initialized()
print("same")
"""


def test_verdicts_are_those_of_the_sandbox_here_also_when_workers_are_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout == "same\n", done.stderr


def test_a_machine_without_a_cage_refuses_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from tactful.errors import SafetyRefusal
    from tactful.sandbox import Job, on_ray

    def none(unsafe: bool) -> None:
        raise SafetyRefusal("no cage for untrusted code on this machine, nothing was run")

    monkeypatch.setattr("tactful.sandbox.pool.require_tier", none)
    refusal = on_ray.Caged(False).run([Job(code="x = 1", tests=("assert x",))])
    assert isinstance(refusal, SafetyRefusal)  # sent to the driver, which raises it
