"""Sandbox runs per second, beside a bare `python -I -S` subprocess in the same run. Target: 300 on 2 idle cores.

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with Sandbox() as box:
        caged(box, 20)
        rounds = [(caged(box, options.jobs), bare(max(20, options.jobs // 8))) for _ in range(options.rounds)]
        tier = box.tier.value
    ours, theirs = zip(*rounds, strict=True)
    ratios = [left / right for left, right in rounds]
    load = os.getloadavg()[0]
    print(
        f"machine     {platform.machine()}, {len(os.sched_getaffinity(0))} cores, load {load:.1f}, {sys.version.split()[0]}"
    )
    print(
        f"sandbox     {statistics.median(ours):6.0f} runs/s  ({min(ours):.0f} to {max(ours):.0f})  tier {tier}"
    )
    print(
        f"subprocess  {statistics.median(theirs):6.0f} runs/s  ({min(theirs):.0f} to {max(theirs):.0f})  no cage"
    )
    print(
        f"ratio       {statistics.median(ratios):6.1f}  ({min(ratios):.1f} to {max(ratios):.1f}), paired by round"
    )


if __name__ == "__main__":
    main()
