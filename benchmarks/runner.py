"""What does the runner cost by itself, and does its memory stay flat?

    python benchmarks/runner.py [--records 100000] [--rounds 3]

A stage that makes no call works on records read lazily; every result is stored in SQLite and exported at the end.
Each measurement runs in a fresh process. Targets: 10,000 records/s, and a peak memory at 100,000 records that is
at most 1.1 times the one at 10,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tactful.runs import Context, RunOptions, run_stage
from tactful.types import Record


class Item(Record):
    id: str
    text: str


class Config(Record):
    pass


async def stage(item: Item, context: Context) -> Item:
    return item


def measure(records: int, concurrency: int) -> dict[str, float]:
    """One run in this process: seconds, CPU seconds, peak memory in MB."""
    source = (Item(id=f"item-{number}", text="about sixty characters of text, as a short query may have it") for number in range(records))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        began, cpu = time.perf_counter(), time.process_time()
        summary = run_stage(
            noun="bench",
            verb="runner",
            config=Config(),
            source=source,
            stage=stage,
            options=RunOptions(out=Path(folder) / "out", progress="off", concurrency=concurrency),
        )
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert summary.done == summary.read == records
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"took_s": took, "cpu_s": cpu, "peak_mb": peak_mb}


def in_fresh_process(records: int, concurrency: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", str(records), str(concurrency)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(measure(*given.one)))
        return
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    few = max(1, given.records // 10)
    ratios = []
    print("records  concurrency  records/s (median, range)      CPU ms/record  peak MB")
    for concurrency in (32, 512):
        rounds = [
            (in_fresh_process(few, concurrency), in_fresh_process(given.records, concurrency))
            for _ in range(given.rounds)
        ]
        ratios += [large["peak_mb"] / small["peak_mb"] for small, large in rounds]
        for count, results in (
            (few, [one for one, _ in rounds]),
            (given.records, [two for _, two in rounds]),
        ):
            speeds = sorted(count / result["took_s"] for result in results)
            cpu = statistics.median(1000 * result["cpu_s"] / count for result in results)
            peak = statistics.median(result["peak_mb"] for result in results)
            spread = f"{statistics.median(speeds):,.0f} ({speeds[0]:,.0f}–{speeds[-1]:,.0f})"
            print(f"{count:7,}  {concurrency:11}  {spread:29}  {cpu:13.3f}  {peak:7.1f}")
    print(
        f"peak memory, {given.records:,} against {few:,} records: ratio {statistics.median(ratios):.3f} "
        f"({min(ratios):.3f}–{max(ratios):.3f}); target ≤ 1.1"
    )


if __name__ == "__main__":
    main()
