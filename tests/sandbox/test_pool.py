"""A pool that is closed stays closed, nobody hangs on it, and what is no longer wanted is ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from tests.sandbox.conftest import server_pids

from tactful.errors import UsageError
from tactful.sandbox import Job, Sandbox

SOUND = Job(code="def f(): return 1", tests=("assert f() == 1",))


@pytest.mark.slow
def test_several_threads_may_close_at_once(sandbox):
    box = Sandbox(workers=4)
    list(box.run_many([SOUND] * 4))
    threads = [threading.Thread(target=box.close, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert server_pids(box) == []


@pytest.mark.parametrize("workers", [0, -1])
def test_less_than_one_worker_is_refused(workers):
    with pytest.raises(UsageError, match="give 1 or more"):
        Sandbox(workers=workers)


def test_closed_sandbox_runs_nothing_and_starts_no_server(sandbox):
    with Sandbox(workers=2) as box:
        verdicts = box.run_many([SOUND] * 100)
        assert next(verdicts).passed
    with pytest.raises(UsageError, match="this sandbox is closed"):
        list(verdicts)
    with pytest.raises(UsageError, match="this sandbox is closed"):
        box.run(SOUND)
    assert server_pids(box) == []


@pytest.mark.slow
def test_threads_that_wait_for_a_worker_when_the_sandbox_closes_are_told(sandbox):
    slow = Job(code="import time\ntime.sleep(0.5)", tests=("assert 1 == 1",))
    box = Sandbox(workers=1)
    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(box.run, slow) for _ in range(4)]
        while not server_pids(box):
            time.sleep(0.01)
        box.close()
        assert not wait(runs, timeout=20).not_done
    told = [run.exception() for run in runs]
    assert {type(error) for error in told} == {type(None), UsageError}


ENDLESS = Job(code="while True: pass", tests=("assert 1 == 1",), timeout_s=60)


def test_programs_whose_verdicts_are_no_longer_wanted_are_ended(sandbox):
    with Sandbox(workers=2) as box:
        verdicts = box.run_many([SOUND] * 8 + [ENDLESS] * 8)
        assert next(verdicts).passed
        began = time.monotonic()
        verdicts.close()
        assert time.monotonic() - began < 20
        assert box.run(SOUND).passed


@pytest.mark.slow
def test_ctrl_c_ends_the_programs_under_way(sandbox):
    code = """
        import signal
        from tactful.sandbox import Job, Sandbox
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with Sandbox(workers=2) as box:
            box.run(Job(code="", tests=()))
            print("up", flush=True)
            list(box.run_many([Job(code="while True: pass", tests=(), timeout_s=60)] * 3))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        time.sleep(1)
        parent.send_signal(signal.SIGINT)
        try:
            _, said = parent.communicate(timeout=20)
        finally:
            parent.kill()
    assert said.endswith(b"KeyboardInterrupt\n")
