"""What the machine and its other users do to a program is no verdict on it; what a program does never ends scoring."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest
from tests.sandbox.conftest import server_pids

from tactful.sandbox import Job, Outcome, Sandbox, Tier, tiers
from tactful.sandbox.verdict.ending import Ended, Run, killed_by_the_machine
from tactful.sandbox.verdict.progress import Progress

HOG = """
import threading, time
def hog():
    for _ in range(1000):
        try:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            break
    time.sleep(60)
"""
POOLED = """
from concurrent.futures import ThreadPoolExecutor
def squares(n):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda x: x * x, range(n)))
"""
HONEST = Job(code=POOLED, tests=("assert squares(20)[19] == 361",))


@pytest.mark.parametrize("number", [1, 11, *range(34, 65)])
def test_signal_that_a_program_sends_itself_ends_that_program_alone(sandbox, number):
    code = f"import signal\nsignal.signal({number}, signal.SIG_DFL)\ndef f(): signal.raise_signal({number})"
    verdict = sandbox.run(Job(code=code, tests=("assert f() == 1",)))
    assert not verdict.unscored
    assert "ended by signal" in verdict.tests[0].detail


def test_program_cannot_feign_a_kill_by_the_machine(attack):
    verdict = attack("""
        import os, signal, threading
        attempt("kill", lambda: os.kill(os.getpid(), 9))
        attempt("raise", lambda: signal.raise_signal(9))
        attempt("thread", lambda: signal.pthread_kill(threading.get_ident(), 9))
    """)
    assert verdict.passed, verdict


def test_program_that_hangs_up_has_failed(sandbox):
    code = "import os, time\ndef f():\n    os.close(3)\n    time.sleep(60)"
    verdict = sandbox.run(Job(code=code, tests=("assert f() == 1",)))
    assert (verdict.unscored, verdict.tests[0].outcome) == (False, Outcome.ERROR)
    assert "closed the connection" in verdict.tests[0].detail


@pytest.mark.slow
def test_more_processor_time_than_granted_is_a_timeout(sandbox):
    code = """
import hashlib, signal, threading
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
def f():
    def burn():
        while True: hashlib.pbkdf2_hmac("sha256", b"a", b"b", 100_000)
    for _ in range(16): threading.Thread(target=burn).start()
    burn()
"""
    verdict = sandbox.run(Job(code=code, tests=("assert f() == 1",), timeout_s=1))
    assert (verdict.unscored, verdict.tests[0].outcome) == (False, Outcome.TIMEOUT)


@pytest.mark.parametrize(
    ("status", "cpu_s", "killed", "gone", "machine"),
    [
        (9, 0.4, False, True, True),
        (9, 3.0, False, True, False),  # over its limit of 2 s: it ignored the signal that says so
        (9, 0.4, True, True, False),  # by our own server
        (9, 0.4, False, False, False),  # after it was done, or stopped by us
        (11, 0.4, False, True, False),
        (256, 0.4, False, True, False),
    ],
)
def test_a_kill_is_the_machines_only_where_nobody_else_can_have_done_it(status, cpu_s, killed, gone, machine):
    job = Job(code="", tests=(), timeout_s=1)
    run = Run(Progress([]), memoryview(b""), gone=gone)
    assert killed_by_the_machine(job, run, Ended(status, cpu_s, killed)) is machine


@pytest.mark.parametrize(
    ("code", "test"),
    [
        ("def f(): return 2**999_999", "assert f() ** 4096 == 1"),
        ("def f(): return 7**300_000", "assert f() ** 4000 ** 1 > 0"),
        ("def f(): return 2**999_999 - 1", "assert f() // (f() // 3 + 5) == 1"),
        ("def f(): return 2**999_999 - 1", "assert f() % 10**100_000 == 1"),
        ("def f(): return 2**999_999 - 1", "assert f() * f() * f() == 1"),
        ("def f(): return 4096 * 10**6", "assert 10 ** f() == 1"),
        ("def f(): return {(2**61 - 1) * k for k in range(5_000)}", "assert f() < {1, 2}"),
    ],
)
def test_values_of_a_program_cost_the_parent_no_long_work(sandbox, code, test):
    began = time.monotonic()
    verdict = sandbox.run(Job(code=code, tests=(test,), timeout_s=2))
    assert time.monotonic() - began < 2.5
    assert verdict.tests[0].outcome is Outcome.FAILED


def test_honest_powers_and_remainders_are_computed(sandbox):
    code = "def f(n): return pow(2, n, 10**9 + 7)\ndef one(): return 1"
    tests = ("assert f(100_000) == 2**100_000 % (10**9 + 7)", "assert one() ** 10**9 == 1")
    assert sandbox.run(Job(code=code, tests=tests)).passed


@pytest.mark.slow
def test_equal_programs_get_equal_verdicts_whatever_runs_beside_them(sandbox):
    hog = Job(code=HOG, tests=("assert hog() == 1",), timeout_s=2)
    jobs = [job for _ in range(4) for job in (hog, *[HONEST] * 5)]
    with Sandbox(workers=4) as box:
        verdicts = list(box.run_many(jobs))
    honest = [verdict for job, verdict in zip(jobs, verdicts, strict=True) if job is HONEST]
    assert [verdict for verdict in honest if not verdict.passed] == []
    assert not any(verdict.passed or verdict.unscored for verdict in verdicts if verdict not in honest)


@pytest.mark.slow
def test_thread_that_a_shared_user_is_refused_leaves_the_program_unscored(monkeypatch, sandbox):
    shared = tiers._START.replace(
        "server.main()",
        "from inside import cage; cage.choose_who = lambda: cage.Who(cage.NOBODY, -60, alone=False); server.main()",
    ).replace("sys.path.pop(); ", "")
    monkeypatch.setattr(tiers, "_START", shared)
    many = Job(
        code=POOLED.replace("8", "40").replace("x * x", "__import__('time').sleep(0.1)"), tests=HONEST.tests
    )
    with Sandbox(workers=1) as box:
        verdict = box.run(many)
    assert verdict.tier is not Tier.NONE
    assert (verdict.unscored, verdict.share_passed) == (True, None)
    assert "no more threads on this machine" in verdict.error


def _kill_programs(box, kills):
    def work():
        left = kills
        while left:
            time.sleep(0.05)
            for pid in server_pids(box):
                with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                    for child in psutil.Process(pid).children():
                        time.sleep(0.2)
                        os.kill(child.pid, 9)
                        left -= 1

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1, 2])
def test_program_that_the_machine_kills_is_run_once_more_and_then_unscored(sandbox, kills):
    slow = Job(code="import time\ntime.sleep(1)", tests=("assert 2 + 2 == 4",))
    with Sandbox(workers=1) as box:
        killer = _kill_programs(box, kills)
        verdict = box.run(slow)
        killer.join(10)
    assert (verdict.passed, verdict.unscored) == (kills == 1, kills == 2)
    if kills == 2:
        assert "the machine killed the program" in verdict.error


def test_reports_that_no_rule_foresaw_fail_that_program_alone(monkeypatch, sandbox):
    with monkeypatch.context() as broken:
        broken.setattr(Progress, "_feed_step", lambda *report: 1 // 0)
        verdict = sandbox.run(HONEST)
    assert (verdict.unscored, verdict.share_passed) == (False, 0.0)
    assert "ZeroDivisionError" in verdict.error
    assert sandbox.run(HONEST).passed


def test_control_characters_of_a_program_are_written_out(sandbox):
    code = "print('\\x1b]0;owned\\x07\\x9b31m')\ndef f(): raise ValueError('\\x1b[2J\\ud800')"
    verdict = sandbox.run(Job(code=code, tests=("assert f() == 1",)))
    assert verdict.output == "\\x1b]0;owned\\x07\\x9b31m\n"
    assert verdict.tests[0].detail == "ValueError: \\x1b[2J\\ud800"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes an ordinary user first")
@pytest.mark.slow
def test_two_servers_of_one_ordinary_user_do_not_count_each_others_threads():
    python, room = Path("/usr/bin/python3"), Path(tiers.__file__).parent
    if not python.exists():
        pytest.skip("no interpreter that an ordinary user could read")
    code = f"""
import resource, sys, threading, time
sys.path.append({str(room)!r})
from inside import cage
who = cage.choose_who()
resource.setrlimit(resource.RLIMIT_NPROC, (who.tasks + 64, who.tasks + 64))
started = 0
try:
    while who.alone:
        threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
        started += 1
except RuntimeError:
    time.sleep(1)
print(who.alone, started)
"""
    nobody = {"user": 65534, "group": 65534, "extra_groups": [], "stdout": subprocess.PIPE, "text": True}
    servers = [subprocess.Popen([python, "-I", "-S", "-B", "-c", code], **nobody) for _ in range(2)]
    told = {server.communicate(timeout=30)[0].strip() for server in servers}
    if told == {"False 0"}:
        pytest.skip("this machine gives ordinary users no namespace")
    assert told == {"True 64"}
