"""Does the learned policy beat every fixed level, whatever the seed? The demo, played for many seeds.

    python benchmarks/demo_seeds.py --seeds 20 --workers 2

For each seed and domain: the paired difference of mean reward to each fixed level on held-out tasks with its 95%
interval by base task. A seed counts when the interval lies above 0 for every fixed level in both domains.
The bar is 19 of 20 seeds. Exit code 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DOMAINS = ("coding", "planning")


def play(seed: int) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Domain → baseline → (difference, low, high) of the learned policy for one seed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "demo"
        command = [
            sys.executable,
            "-m",
            "tactful",
            "calibrate",
            "demo",
            "--seed",
            str(seed),
            "--out",
            str(out),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return {domain: differences(out / domain / "evaluate" / "evaluation.json") for domain in DOMAINS}


def differences(path: Path) -> dict[str, tuple[float, float, float]]:
    """Fixed level → the learned policy's difference of reward and its interval; an open interval counts as lost."""
    found = {}
    for row in json.loads(path.read_text())["comparisons"]:
        if row["policy"] == "learned" and row["baseline"].startswith("always-"):
            gap = row["difference"]
            low, high = (gap[end] if gap[end] is not None else float("nan") for end in ("low", "high"))
            found[row["baseline"]] = (gap["value"], low, high)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    began = time.monotonic()
    wins = dict.fromkeys(DOMAINS, 0)
    both = 0
    with ThreadPoolExecutor(arguments.workers) as pool:
        for seed, by_domain in enumerate(pool.map(play, range(arguments.seeds))):
            won = {domain: all(low > 0 for _, low, _ in rows.values()) for domain, rows in by_domain.items()}
            for domain in DOMAINS:
                wins[domain] += won[domain]
            both += all(won.values())
            worst = {
                domain: min(rows.items(), key=lambda item: item[1][1]) for domain, rows in by_domain.items()
            }
            shown = "  ".join(
                f"{domain} {'+' if won[domain] else '-'} {gap[0]:+.3f} [{gap[1]:+.3f}, {gap[2]:+.3f}] over {name}"
                for domain, (name, gap) in worst.items()
            )
            print(f"seed {seed:2d}: {shown}", flush=True)
    needed = arguments.seeds - arguments.seeds // 20
    print(f"machine: {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print("baseline: the fixed level with the lowest bound of the difference, per seed")
    for domain in DOMAINS:
        print(f"{domain}: learned beats every fixed level in {wins[domain]} of {arguments.seeds} seeds")
    print(
        f"both domains: {both} of {arguments.seeds} seeds (bar: {needed}); {time.monotonic() - began:.0f} s"
    )
    return 0 if both >= needed else 1


if __name__ == "__main__":
    sys.exit(main())
