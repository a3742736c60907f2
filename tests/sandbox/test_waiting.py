"""What others on the machine take of a program's time is not held against it, and no program can feign it."""

from __future__ import annotations

import os
import time

import pytest

from tactful.sandbox import Job, Outcome, Sandbox, follow, tiers
from tactful.sandbox.inside import server
from tactful.sandbox.worker import Worker

WORKING = """
import time
def work(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds: pass
    return 1
"""


@pytest.fixture
def one_core():
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
def test_programs_that_share_a_core_pass_as_they_do_alone(sandbox, one_core):
    jobs = [Job(code=WORKING, tests=("assert work(0.4) == 1",), timeout_s=0.8) for _ in range(5)]
    with Sandbox(workers=5) as box:
        assert [verdict for verdict in box.run_many(jobs) if not verdict.passed] == []


@pytest.mark.slow
def test_programs_that_share_a_core_and_take_too_long_time_out(sandbox, one_core):
    jobs = [Job(code=WORKING, tests=("assert work(9) == 1",), timeout_s=0.4) for _ in range(3)]
    with Sandbox(workers=3) as box:
        verdicts = list(box.run_many(jobs))
    assert [verdict.tests[0].outcome for verdict in verdicts] == [Outcome.TIMEOUT] * 3


@pytest.mark.slow
def test_the_clock_of_a_program_begins_when_its_cage_is_closed(monkeypatch, sandbox):
    slow = tiers._START.replace(
        "server.main()",
        "import time; from inside import cage; enter = cage.enter; "
        "cage.enter = lambda *layers, **limits: (time.sleep(0.6), enter(*layers, **limits)); server.main()",
    ).replace("sys.path.pop(); ", "")
    monkeypatch.setattr(tiers, "_START", slow)
    with Sandbox(workers=1) as box:
        assert box.run(Job(code="", tests=("assert 1 + 1 == 2",), timeout_s=0.5)).passed


@pytest.mark.slow
def test_program_that_never_gets_to_run_is_unscored(monkeypatch, sandbox):
    monkeypatch.setattr(follow, "_MOST_WAITING", 1)
    monkeypatch.setattr(Worker, "_kept_waiting_s", lambda worker: 1000.0)
    job = Job(code="import time\ntime.sleep(60)", tests=("assert 1 == 1",), timeout_s=0.2)
    verdict = sandbox.run(job)
    assert verdict.unscored
    assert "kept this one from a processor" in verdict.error


@pytest.mark.slow
def test_child_that_does_not_reach_its_cage_is_unscored(monkeypatch, sandbox):
    monkeypatch.setattr(follow.Clock, "left_s", lambda clock, caged: -1.0)
    verdict = sandbox.run(Job(code="", tests=("assert 1 == 1",)))
    assert verdict.unscored
    assert "did not get as far as its cage" in verdict.error


@pytest.mark.slow
def test_reports_that_lay_ready_when_the_time_was_up_are_read(monkeypatch, sandbox):
    def late(clock: follow.Clock, caged: bool) -> float:
        clock.began = clock.began or (time.monotonic() if caged else None)
        time.sleep(0.3)
        return -1.0 if caged else 1.0

    monkeypatch.setattr(follow.Clock, "left_s", late)
    assert sandbox.run(Job(code="", tests=("assert 1 == 1",))).passed


@pytest.mark.parametrize(
    ("schedstat", "ticks", "waited"),
    [
        ("1000000000 4000000000 9", "100 0", 4.0),  # alone in its process: all its waiting was for others
        ("500000000 1500000000 9", "150 50", 0.0),  # its own threads had the processor meanwhile
        ("500000000 1500000000 9", "900 900", 0.0),
        ("0 0 0", "0 0", 0.0),
    ],
)
def test_time_that_a_programs_own_threads_took_is_not_waiting_for_others(
    monkeypatch, tmp_path, schedstat, ticks, waited
):
    files = {
        "/proc/7/schedstat": schedstat,
        "/proc/7/stat": f"7 (sly) R 1 (x) R 1 7 7 0 -1 0 0 0 0 0 {ticks} 0 0 20",
    }
    for path, text in files.items():
        (tmp_path / path.replace("/", "_")).write_text(text)
    monkeypatch.setattr(
        server, "open", lambda path: (tmp_path / path.replace("/", "_")).open(), raising=False
    )
    monkeypatch.setattr(os, "sysconf", lambda name: 100)
    assert server.kept_waiting_s(7) == pytest.approx(waited)


def test_process_that_is_gone_or_unreadable_waited_for_nobody():
    assert server.kept_waiting_s(1 << 30) == 0.0


@pytest.mark.parametrize("began", [250.8581, 44949.1065])
def test_whether_it_was_kept_waiting_too_long_hangs_on_no_rounding(monkeypatch, began):
    monkeypatch.setattr(follow, "_MOST_WAITING", 1)
    monkeypatch.setattr(follow.time, "monotonic", lambda: began)
    clock = follow.Clock(0.2, lambda: 1000.0)
    clock.left_s(caged=True)
    monkeypatch.setattr(follow.time, "monotonic", lambda: began + 0.3)
    clock.left_s(caged=True)
    assert clock.verdict() == follow.STARVED
