"""Ctrl-C, SIGTERM and StopRun: what is finished is stored, and the message says how to go on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Logged, items, run

from tactful.errors import BudgetSpent, EndpointRefused, Interrupted, ProviderError, RunLocked, StopRun
from tactful.runs import RunFolder
from tactful.runs.store.lock import is_locked, only_writer


def start(*arguments, **options):
    command = [sys.executable, "-m", "tests.runs.worker", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def wait_for(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_stores_what_is_finished_and_says_how_to_go_on(tmp_path, number):
    log, out = Logged(tmp_path / "log"), tmp_path / "out"
    process = start(out, 1000, "--log", log.log, "--pause", "0.1", "--concurrency", 32)
    wait_for(lambda: len(log.worked_on()) > 64)
    process.send_signal(number)
    began = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 5
    assert f"go on with: --resume --out {out}" in said
    folder = RunFolder.open(out)
    stored = list(folder.records(Answer))
    assert folder.standing() == "interrupted"
    assert len(log.worked_on()) - 32 <= len(stored) < 1000
    assert len(folder.records_path.read_text().splitlines()) == len(stored)


@pytest.mark.slow
def test_ctrl_c_works_while_the_source_waits_for_a_pipe(tmp_path):
    process = start(tmp_path / "out", 0, "--pipe", stdin=subprocess.PIPE)
    process.stdin.write("".join(item.model_dump_json() + "\n" for item in items(3)))
    process.stdin.flush()
    wait_for(lambda: (tmp_path / "out" / "run.json").exists())
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=10)
    process.stdin.close()
    process.stderr.close()
    assert process.returncode == 130
    assert RunFolder.open(tmp_path / "out").standing() == "interrupted"


@pytest.mark.parametrize("error", [EndpointRefused("the key is wrong"), BudgetSpent("the budget is spent")])
def test_stop_run_starts_no_new_record_and_lets_those_in_flight_finish(tmp_path, error):
    started = []

    async def stage(item, context):
        started.append(item.id)
        await asyncio.sleep(0.02 if item.number == 5 else 0.05)
        if item.number == 5:
            raise error
        return Answer(id=item.id, double=0)

    with pytest.raises(
        type(error), match="7 finished records are stored; go on with: --resume --out"
    ) as caught:
        run(tmp_path / "out", stage=stage, count=100, concurrency=4)
    # 4 at once: records 0-3, then 4-7, of which 5 stops the run while 4, 6 and 7 are in flight
    assert len(started) == 8
    summary = caught.value.summary
    assert (summary.done, summary.unfinished, summary.interrupted) == (7, 1, True)
    assert run(tmp_path / "out", count=100, resume=True).done == 100


def test_ctrl_c_does_not_wait_for_what_lingers_after_a_stop_run(tmp_path):
    async def stage(item, context):
        if item.number == 1:
            asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGINT)
            raise EndpointRefused("the key is wrong")
        await asyncio.sleep(60)

    began = time.monotonic()
    with pytest.raises(EndpointRefused):
        run(tmp_path / "out", stage=stage, count=10, concurrency=2)
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once_though_a_stage_holds_up_the_loop(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from tests.runs import parts\n"
        "async def stage(item, context):\n"
        "    if item.number: print('asleep', flush=True); time.sleep(30)\n"
        "    return parts.Answer(id=item.id, double=0)\n"
        "parts.run(Path(sys.argv[1]), stage=stage, count=3, concurrency=1)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "asleep\n"
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            time.sleep(0.5)
        process.wait(10)
    assert RunFolder.open(tmp_path / "out").counts().done == 1


def test_signal_handlers_are_given_back(tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run(tmp_path / "out")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_interrupted_in_this_process_raises_with_the_summary(tmp_path):
    async def stage(item, context):
        if item.number == 3:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(30)
        return Answer(id=item.id, double=0)

    with pytest.raises(Interrupted, match="interrupted by Ctrl-C") as caught:
        run(tmp_path / "out", stage=stage, count=10, concurrency=1)
    assert caught.value.exit_code == 130
    assert caught.value.summary.done == 3


@pytest.mark.slow
def test_second_process_on_a_folder_is_refused_within_a_second_naming_the_first(tmp_path):
    process = start(tmp_path / "out", 1000, "--log", tmp_path / "log", "--pause", "0.1")
    try:
        wait_for(lambda: (tmp_path / "log").exists())
        began = time.monotonic()
        with pytest.raises(RunLocked, match=f"process {process.pid} is writing to this run"):
            run(tmp_path / "out", count=1000, resume=True)
        assert time.monotonic() - began < 1
    finally:
        process.kill()
        process.communicate()
    assert not is_locked(tmp_path / "out"), "the kernel lets go of a dead process's lock"


def test_lock_is_let_go_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), only_writer(tmp_path):
        1 / (not is_locked(tmp_path))
    assert not is_locked(tmp_path)


def test_usage_of_what_was_stopped_midway_stays_counted(tmp_path):
    from tactful.llm.types import Usage
    from tactful.runs import RunOptions, run_job
    from tactful.runs.running.executor import LocalExecutor

    class Paid(LocalExecutor):
        async def aclose(self):
            self.unfinished = Usage(calls=2, prompt_tokens=10, cost_usd=0.5)

    async def stage(item, context):
        raise BudgetSpent("spent")

    with pytest.raises(BudgetSpent):
        run_job(parts.job(3, stage=stage), RunOptions(out=tmp_path / "out", progress="off"), executor=Paid())
    assert RunFolder.open(tmp_path / "out").usage().cost_usd == 0.5


@pytest.mark.parametrize("concurrency", [1, 30])
def test_endpoint_that_stays_out_of_reach_stops_the_run_after_so_many_records_in_a_row(tmp_path, concurrency):
    async def stage(item, context):
        await asyncio.sleep(0)
        raise ProviderError("HTTP 500", outcome="out_of_reach")

    most = max(20, 2 * concurrency)
    with pytest.raises(StopRun, match=rf"^{most} records in a row failed, .*HTTP 500.*tactful doctor"):
        run(tmp_path / "out", stage=stage, count=1000, concurrency=concurrency)
    counts = RunFolder.open(tmp_path / "out").counts()
    assert most <= counts.failed < most + concurrency


def test_one_good_record_in_between_keeps_the_run_going(tmp_path):
    async def stage(item, context):
        if item.number % 20 == 19:
            return Answer(id=item.id, double=0)
        raise ProviderError("HTTP 500", outcome="out_of_reach")

    assert run(tmp_path / "out", stage=stage, count=100, concurrency=1).failed == 95


def test_failures_of_the_records_themselves_never_stop_the_run(tmp_path):
    async def stage(item, context):
        raise ProviderError("refused", outcome="refused")

    assert run(tmp_path / "out", stage=stage, count=100, concurrency=1).failed == 100
