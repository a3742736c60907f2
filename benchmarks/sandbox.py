"""Sandbox runs per second, beside a bare `python -I -S` subprocess and a bare fork server in the same run.

The fork server is the least that could do: it forks, runs program and tests, and tells the exit status; no cage, no limits,
no values, no stop at a deadline. Target: 450 on 2 idle cores, where such a server ran 465.

python benchmarks/sandbox.py [--jobs 400] [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tactful.sandbox import Job, Sandbox

CODE = "def double(x):\n    return 2 * x\n"
TESTS = ("assert double(4) == 8", "assert double(0) == 0", "assert double(-1) == -2")


def caged(box: Sandbox, jobs: int) -> float:
    """Runs per second."""
    started = time.perf_counter()
    verdicts = list(box.run_many(Job(code=f"{CODE}# {i}", tests=TESTS) for i in range(jobs)))
    elapsed = time.perf_counter() - started
    assert all(verdict.passed for verdict in verdicts)
    return jobs / elapsed


def bare(jobs: int) -> float:
    """Runs per second of an interpreter started anew for each program, with no cage at all."""
    program = CODE + "\n".join(TESTS)
    command = [sys.executable, "-I", "-S", "-c", program]
    started = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        done = list(pool.map(lambda _: subprocess.run(command, check=True, capture_output=True), range(jobs)))
    return len(done) / (time.perf_counter() - started)


SERVER = """
import gc, os, sys
gc.disable()
while size := sys.stdin.buffer.readline():
    program = sys.stdin.buffer.read(int(size))
    child = os.fork()
    if not child:
        try:
            exec(compile(program, "<job>", "exec"), {})
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    os.write(1, b"1" if status else b"0")
"""


def forked(jobs: int) -> float:
    """Runs per second of a bare fork server a core."""
    program = (CODE + "\n".join(TESTS)).encode()
    asked = b"%d\n" % len(program) + program
    cores = len(os.sched_getaffinity(0))

    def served(count: int) -> None:
        command = [sys.executable, "-I", "-S", "-c", SERVER]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            for _ in range(count):
                server.stdin.write(asked)
                assert server.stdout.read(1) == b"0"
            server.stdin.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(served, [jobs // cores] * cores))
    return jobs // cores * cores / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with Sandbox() as box:
        caged(box, 20)
        rounds = [
            (caged(box, options.jobs), bare(max(20, options.jobs // 8)), forked(options.jobs))
            for _ in range(options.rounds)
        ]
        tier = box.tier.value
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    print(f"machine      {platform.machine()}, {cores} cores, load {load:.1f}, {sys.version.split()[0]}")
    for place, name, note in (
        (0, "sandbox", f"tier {tier}"),
        (1, "subprocess", "no cage"),
        (2, "fork server", "no cage"),
    ):
        found = [one[place] for one in rounds]
        print(
            f"{name:12} {statistics.median(found):6.0f} runs/s  ({min(found):.0f} to {max(found):.0f})  {note}"
        )
    for place, name in ((1, "subprocess"), (2, "fork server")):
        ratios = [one[0] / one[place] for one in rounds]
        print(
            f"sandbox / {name:11} {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f}), paired by round"
        )


if __name__ == "__main__":
    main()
