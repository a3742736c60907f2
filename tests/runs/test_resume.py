from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Item, Logged, items, run

from tactful.runs import RunFolder


def answers(folder):
    return [(answer.id, answer.double) for answer in RunFolder.open(folder).records(Answer)]


def test_resuming_works_only_on_what_has_no_result(tmp_path):
    stage = Logged(tmp_path / "log")
    run(tmp_path / "out", stage=stage, count=6)
    summary = run(tmp_path / "out", stage=stage, count=10, resume=True)
    assert len(stage.worked_on()) == len(set(stage.worked_on())) == 10
    assert summary.read == summary.done == 10
    assert RunFolder.open(tmp_path / "out").info().sessions == 2


def test_failures_are_not_taken_again_by_resuming(tmp_path):
    run(tmp_path / "out", stage=parts.moody, count=10)
    summary = run(tmp_path / "out", stage=parts.double, count=10, resume=True)
    assert summary.failed == 2


def test_changed_record_is_worked_on_again(tmp_path):
    stage = Logged(tmp_path / "log")
    run(tmp_path / "out", stage=stage, count=4)
    source = [*items(2), Item(id="item-2", number=50), *items(4, start=3)]
    run(tmp_path / "out", stage=stage, source=source, resume=True)
    assert stage.worked_on()[4:] == ["item-2"]
    assert answers(tmp_path / "out") == [("item-0", 0), ("item-1", 2), ("item-2", 100), ("item-3", 6)]


@pytest.mark.parametrize("seed", range(8))
def test_outputs_follow_an_input_that_was_reordered_shortened_and_grown(tmp_path, seed):
    rng = random.Random(seed)
    stage = Logged(tmp_path / "log")
    run(tmp_path / "out", stage=stage, source=rng.sample(list(items(12)), 9))
    second = rng.sample(list(items(15)), 10)
    summary = run(tmp_path / "out", stage=stage, source=second, resume=True)
    assert answers(tmp_path / "out") == [(item.id, 2 * item.number) for item in second]
    assert summary.read == summary.done == 10
    run(tmp_path / "out", stage=stage, source=items(15), resume=True)
    assert answers(tmp_path / "out") == [(f"item-{number}", 2 * number) for number in range(15)]
    assert len(stage.worked_on()) == len(set(stage.worked_on())), "a result that was set aside is used again"


def start(*arguments):
    return subprocess.Popen([sys.executable, "-m", "tests.runs.worker", *map(str, arguments)])


def test_folder_of_a_run_killed_before_it_had_a_name_can_be_resumed(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.lock").write_text("1")
    (tmp_path / "out" / "run.sqlite").touch()
    (tmp_path / "out" / ".run.json.k2j3.tmp").write_text('{"run_id": ')
    assert run(tmp_path / "out", count=3, resume=True).done == 3


def kill_at_random_points(tmp_path, kills, count, concurrency=8, pause_s=0.02):
    """Start, kill -9 after a random time, resume, and so on; then let it end. Returns the log of work."""
    log, out, rng = tmp_path / "log", tmp_path / "out", random.Random(5)
    for _ in range(kills):
        process = start(
            out, count, "--resume" if out.exists() else "--concurrency=8", "--log", log, "--pause", pause_s
        )
        time.sleep(rng.uniform(0.2, 0.9))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it ended before it could be killed: give it more to do"
    assert start(out, count, *(["--resume"] if out.exists() else []), "--log", log).wait() == 0
    return Logged(log).worked_on()


def check_nothing_lost_nothing_double(tmp_path, worked_on, kills, count, concurrency=8):
    whole = run(tmp_path / "whole", count=count)
    folder = RunFolder.open(tmp_path / "out")
    assert folder.records_path.read_bytes() == whole.folder.records_path.read_bytes()
    assert folder.counts().read == count
    assert len(worked_on) <= count + kills * concurrency


@pytest.mark.slow
def test_killed_twice_nothing_is_lost_or_double(tmp_path):
    worked_on = kill_at_random_points(tmp_path, kills=2, count=600)
    check_nothing_lost_nothing_double(tmp_path, worked_on, kills=2, count=600)


@pytest.mark.soak
def test_killed_at_thirty_random_points_nothing_is_lost_or_double(tmp_path):
    worked_on = kill_at_random_points(tmp_path, kills=30, count=20_000, pause_s=0.01)
    check_nothing_lost_nothing_double(tmp_path, worked_on, kills=30, count=20_000)


@pytest.mark.slow
def test_killed_run_says_so(tmp_path):
    process = start(tmp_path / "out", 1000, "--log", tmp_path / "log", "--pause", 0.05)
    deadline = time.monotonic() + 30
    while len(Logged(tmp_path / "log").worked_on()) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert RunFolder.open(tmp_path / "out").standing() == "running"
    process.kill()
    process.wait()
    assert RunFolder.open(tmp_path / "out").standing() == "killed"
