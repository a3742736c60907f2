"""Are the gate's promises kept, and are they more than silence?

Simulated sessions with effects of their own and known truth: how many promises of how many draws are broken, the mean
true risk of the thresholds promised, and how often nothing could be promised. Run:

    python benchmarks/gate.py
    python benchmarks/gate.py --draws 400 --sessions 60
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from common import machine, timed

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.reward.gate_simulation import simulate
from tests.reward.gate_worlds import World


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--sessions", type=int, nargs="+", default=[22, 60, 200])
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.1, 0.2, 0.3])
    parser.add_argument("--delta", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    world = World()
    print(f"machine: {machine()}")
    print(f"{arguments.draws} draws, delta {arguments.delta:g}; {world}")
    print("of             sessions  alpha  broken  cannot promise  mean true risk  largest allowed risk")

    def all_of_it() -> None:
        for sessions in arguments.sessions:
            for alpha in arguments.alpha:
                for found in simulate(
                    world,
                    arguments.draws,
                    sessions,
                    alpha,
                    arguments.delta,
                    np.random.default_rng(arguments.seed),
                ):
                    print(f"{found.of:14} {sessions:8d}  {alpha:5g}  {found.line()}", flush=True)

    print(f"{timed(all_of_it):.0f} s")


if __name__ == "__main__":
    main()
