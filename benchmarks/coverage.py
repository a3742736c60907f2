"""Do our 95% intervals hold the truth 95 times in 100? For each kind of interval and few to many groups.

Simulated sessions, dialogues and tasks with known truth (tests/stats/worlds.py). Run, for a part or for all:

    python benchmarks/coverage.py
    python benchmarks/coverage.py --draws 2000 --groups 8 --only "AUROC" "alpha"
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from common import machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.stats.worlds import INTERVALS, coverage


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--groups", type=int, nargs="+", default=[8, 15, 30, 100])
    parser.add_argument("--only", nargs="+", default=list(INTERVALS))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(machine())
    print(f"{'share of draws held, in %':34}" + "".join(f"{count:>8}" for count in given.groups))
    outside = 0
    for name in given.only:
        shares = [coverage(name, count, given.draws, given.seed) for count in given.groups]
        outside += sum(share > 0 and not 0.93 <= share <= 0.97 for share in shares)
        made = [f"{100 * share:.1f}" if share else "none" for share in shares]
        print(f"{name:34}" + "".join(f"{one:>8}" for one in made), flush=True)
    print(
        f"{outside} of {len(given.only) * len(given.groups)} outside 93 to 97; none: not estimable at this number"
    )


if __name__ == "__main__":
    main()
