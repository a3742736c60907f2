"""How long does `tactful --help` take, beside a bare start of Python and an import of typer?

    python benchmarks/help.py [--rounds 7]

Each start is a process of its own; the three take turns. Target: under 1 s on an idle machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

from common import machine, paired_ratio, spread, timed

STARTS = {
    "python -c pass": ["-c", "pass"],
    "import typer, pydantic": ["-c", "import typer, typer.main, pydantic, rich"],
    "tactful --help": ["-m", "tactful", "--help"],
    "tactful calibrate --help": ["-m", "tactful", "calibrate", "--help"],
}


def start(arguments: list[str]) -> float:
    """Seconds from start to exit."""
    command = [sys.executable, *arguments]
    return timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


def main() -> None:
    """Print a line for each start."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    seconds: dict[str, list[float]] = {name: [] for name in STARTS}
    for arguments in STARTS.values():
        start(arguments)  # warm: the files are in memory
    for _ in range(rounds):
        for name, arguments in STARTS.items():
            seconds[name].append(start(arguments))
    print(f"machine: {machine()}; {rounds} rounds, median and range")
    bare = seconds["python -c pass"]
    for name, found in seconds.items():
        print(f"{name:26} {spread(found, ' s')}; {paired_ratio(found, bare)} of a bare start")
    print("target: tactful --help under 1 s")


if __name__ == "__main__":
    main()
