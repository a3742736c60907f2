"""Run the benchmarks one after the other, never two at a time, and say at the end how each went.

python benchmarks/run.py                 all of them
python benchmarks/run.py door runner     these
python benchmarks/run.py --list          what there is
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from common import machine

FOLDER = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in {"common", "run"}))


def purpose(name: str) -> str:
    """The first line of the benchmark's docstring."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return text.partition('"""')[2].splitlines()[0]


def run(name: str) -> tuple[bool, float]:
    """Run one, its lines indented as they come. Returns whether it went through, and its seconds."""
    print(f"\n{name}: {purpose(name)}", flush=True)
    started = time.perf_counter()
    command = [sys.executable, str(FOLDER / f"{name}.py")]
    with subprocess.Popen(command, cwd=FOLDER.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(f"  {line.rstrip()}", flush=True)
    return process.returncode == 0, time.perf_counter() - started


def main(arguments: list[str]) -> int:
    """Run what is named; exit 1 when one of them failed, 2 when one does not exist."""
    if arguments == ["--list"]:
        for name in NAMES:
            print(f"{name:16} {purpose(name)}")
        return 0
    if unknown := [name for name in arguments if name not in NAMES]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(f"machine: {machine()}")
    results = {name: run(name) for name in arguments or NAMES}
    print("\nbenchmark         seconds  went")
    for name, (passed, seconds) in results.items():
        print(f"{name:16} {seconds:8.1f}  {'through' if passed else 'FAILED'}")
    return 0 if all(passed for passed, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
