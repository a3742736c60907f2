"""After kill -9 halfway, how many calls are sent again?

    python benchmarks/resume.py [--records 400] [--concurrency 32] [--rounds 3]

A chain of two dependent calls per record runs against a chat server on loopback, in a process that is killed when
half of the calls are in, and is then resumed. Target: at most `concurrency` calls are sent again; all records done.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.chat_server import serving_process  # noqa: E402


def jobs(base_url: str) -> int:
    with urllib.request.urlopen(f"{base_url}/stats", timeout=5) as reply:
        return json.load(reply)["jobs"]


def worker(out: Path, base_url: str, records: int, concurrency: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.runs.worker", out, records, "--base-url", base_url, *more]
    return subprocess.Popen([*map(str, command), "--concurrency", str(concurrency)], cwd=ROOT)


def killed_halfway(records: int, concurrency: int) -> tuple[int, float]:
    """Calls sent again, and seconds that the resumed run took."""
    with tempfile.TemporaryDirectory() as folder, serving_process(latency_s=0.05) as base_url:
        process = worker(Path(folder) / "out", base_url, records, concurrency)
        while jobs(base_url) < records:
            time.sleep(0.005)
        process.kill()
        process.wait()
        began = time.perf_counter()
        assert worker(Path(folder) / "out", base_url, records, concurrency, "--resume").wait() == 0
        took = time.perf_counter() - began
        lines = (Path(folder) / "out" / "records.jsonl").read_text().splitlines()
        assert len({json.loads(line)["id"] for line in lines}) == len(lines) == records
        return jobs(base_url) - 2 * records, took


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--records", type=int, default=400)
    options.add_argument("--concurrency", type=int, default=32)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    print(
        f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    results = [killed_halfway(given.records, given.concurrency) for _ in range(given.rounds)]
    again = sorted(sent for sent, _ in results)
    calls = 2 * given.records
    print(
        f"sent again of {calls} calls: median {statistics.median(again)}, range {again[0]}–{again[-1]} "
        f"(ratio {statistics.median(again) / calls:.3f}); target ≤ {given.concurrency}"
    )
    print(f"resumed run: median {statistics.median(took for _, took in results):.1f} s")


if __name__ == "__main__":
    main()
