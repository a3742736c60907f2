"""X14 and X15: no cage at hand, and processes of ours that die in the middle of a job."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import psutil
import pytest
from tests.sandbox.conftest import server_pids

from tactful.errors import SafetyRefusal
from tactful.sandbox import Job, Outcome, Sandbox, Tier, tiers

WITHOUT_LANDLOCK = """
import errno, struct, sys
from tactful.sandbox.inside import libc, seccomp
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | errno.ENOSYS), (0x06, 0, 0, 0x7FFF0000)]
libc.prctl(38, 1)
seccomp.install(b"".join(struct.pack("<HBBI", *rule) for rule in rules))
from tactful.errors import TactfulError
from tactful.sandbox import Job, Sandbox, current_tier
print(current_tier().value, flush=True)
try:
    with Sandbox(workers=1, unsafe=sys.argv[1] == "unsafe") as box:
        print(box.run(Job(code="", tests=("assert 1 + 1 == 2",))).tier.value)
except TactfulError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def _without_landlock(mode: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_LANDLOCK, mode],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_X14_without_a_cage_nothing_runs_and_the_exit_code_is_3(sandbox):
    done = _without_landlock("safe")
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[0] == "none"
    assert "nothing was run" in done.stdout
    assert "--unsafe-exec" in done.stdout


@pytest.mark.slow
def test_X14_unsafe_runs_without_a_cage_and_every_verdict_says_so(sandbox):
    done = _without_landlock("unsafe")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["none", "none"]


def test_X14_a_cage_that_turns_out_not_to_hold_is_refused_too(monkeypatch, sandbox):
    broken = tiers._START.replace(
        "server.main()",
        "from inside import landlock; landlock.restrict = lambda ruleset: None; server.main()",
    ).replace("sys.path.pop(); ", "")
    monkeypatch.setattr(tiers, "_START", broken)
    with (
        Sandbox(workers=1) as box,
        pytest.raises(SafetyRefusal, match=r"Landlock does not hold.*nothing was run"),
    ):
        box.run(Job(code="print('ran')", tests=()))


def _kill_servers_during(box: Sandbox, kills: int, pause_s: float) -> threading.Thread:
    def work() -> None:
        seen: set[int] = set()
        while len(seen) < kills:
            time.sleep(pause_s)
            for pid in server_pids(box):
                with contextlib.suppress(ProcessLookupError):
                    if pid not in seen and psutil.Process(pid).children():
                        seen.add(pid)
                        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


SLOW = Job(code="import time\ntime.sleep(1.0)", tests=("assert 2 + 2 == 4",))


@pytest.mark.slow
def test_X15_a_killed_server_is_started_again_and_the_job_run_once_more(sandbox):
    with Sandbox(workers=1) as box:
        killer = _kill_servers_during(box, kills=1, pause_s=0.2)
        verdict = box.run(SLOW)
        killer.join(10)
        assert not killer.is_alive()
        assert verdict.passed
        assert len(server_pids(box)) == 1


@pytest.mark.slow
def test_X15_a_server_killed_twice_leaves_the_job_unscored(sandbox):
    with Sandbox(workers=1) as box:
        killer = _kill_servers_during(box, kills=2, pause_s=0.2)
        verdict = box.run(SLOW)
        killer.join(10)
        assert verdict.unscored
        assert not verdict.passed
        assert verdict.share_passed is None
        assert [test.outcome for test in verdict.tests] == [Outcome.NOT_RUN]
        assert box.run(Job(code="", tests=("assert 2 + 2 == 4",))).passed


def _programs(family: list[psutil.Process]) -> int:
    """Processes that burn their time: the two programs. A server takes less than a second to begin, also on a busy machine."""
    return sum(process.cpu_times().user > 1.0 for process in family if process.is_running())


@pytest.mark.slow
def test_X15_a_killed_parent_leaves_no_server_and_no_program(sandbox):
    code = """
        from tactful.sandbox import Job, Sandbox
        with Sandbox(workers=2) as box:
            list(box.run_many(Job(code="while True: pass", tests=(), timeout_s=60) for _ in range(2)))
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    family: list[psutil.Process] = []
    deadline = time.monotonic() + 20
    while _programs(family) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        family = psutil.Process(parent.pid).children(recursive=True)
    assert _programs(family) == 2, family
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert alive == []


def test_X15_closing_ends_every_process(sandbox):
    with Sandbox(workers=2) as box:
        list(box.run_many(Job(code="", tests=("assert 1 == 1",)) for _ in range(4)))
        started = [psutil.Process(pid) for pid in server_pids(box)]
    assert started
    assert not any(process.is_running() for process in started)
    assert box.tier is not Tier.NONE
