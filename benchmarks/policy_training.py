"""How long does it take to train the embedded policy, beside scikit-learn's logistic regression on the same pairs?

    python benchmarks/policy_training.py [--points 3000] [--rounds 5]

Three actions at each of `points` decision points of 200 base tasks, rewards linear in the twelve features with noise:
about three pairs a point. `choose L2` tries five strengths in five folds; the other lines fit once. scikit-learn gets
the differences of features ready-made and weighted by margin; it finds the same kind of minimum.
"""

from __future__ import annotations

import argparse

import numpy as np
from common import machine, paired_ratio, spread, timed
from sklearn.linear_model import LogisticRegression

from tactful.policy.features import FEATURES
from tactful.policy.fitting import fit_policy
from tactful.policy.table import PairTable

ACTIONS = ("LOW", "MID", "HIGH")
L2 = 0.01


def make_table(points: int, seed: int = 0) -> PairTable:
    """All pairs of a made-up world."""
    rng = np.random.default_rng(seed)
    states = np.repeat(rng.random((points, len(FEATURES))), len(ACTIONS), axis=0)
    action = np.tile(np.arange(len(ACTIONS)), points)
    taste = rng.normal(0, 0.5, (len(ACTIONS), len(FEATURES)))
    reward = np.einsum("ij,ij->i", states, taste[action]) + rng.normal(0, 0.3, len(action))
    decisions = np.repeat(np.arange(points), len(ACTIONS))
    groups = np.array([f"task-{number % 200}" for number in decisions])
    return PairTable.from_returns(ACTIONS, states, decisions, action, reward, groups)


def with_scikit_learn(table: PairTable) -> None:
    """The same objective as an ordinary logistic regression over differences."""
    standard = (table.states - table.states.mean(axis=0)) / table.states.std(axis=0)
    ones = np.hstack([standard, np.ones((len(table), 1))])
    rows = np.arange(len(table))
    signs = np.zeros((len(table), len(ACTIONS)))
    signs[rows, table.chosen] += 1
    signs[rows, table.rejected] -= 1
    wide = (signs[:, :, None] * ones[:, None, :]).reshape(len(table), -1)
    both, label = np.vstack([wide, -wide]), np.repeat([1, 0], len(table))
    weight = np.tile(table.margin, 2)
    LogisticRegression(C=1 / (L2 * weight.sum()), fit_intercept=False, max_iter=1000).fit(both, label, weight)


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    table = make_table(given.points)
    ways = {
        "scikit-learn, one fit": lambda: with_scikit_learn(table),
        "dpo head, one fit": lambda: fit_policy(table, l2=L2),
        "ridge head, one fit": lambda: fit_policy(table, head="ridge", l2=L2),
        "dpo head, choose L2": lambda: fit_policy(table),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, way in ways.items():
            seconds[name].append(timed(way))
    print(f"machine: {machine()}; {len(table)} pairs, {given.rounds} rounds, median and range")
    base = seconds["scikit-learn, one fit"]
    for name, found in seconds.items():
        print(f"{name:22} {spread(found, ' s', 3)}; {paired_ratio(found, base)} of scikit-learn")


if __name__ == "__main__":
    main()
