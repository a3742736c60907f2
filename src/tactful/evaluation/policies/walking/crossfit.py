"""Learned policies that never saw the task they act on: one per fold of base tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tactful.errors import UserError
from tactful.evaluation.policies.walking.walk import PolicyFor
from tactful.policy.embedded import EmbeddedPolicy, Head
from tactful.policy.fitting import fit_policy
from tactful.policy.table import PairTable
from tactful.stats import group_folds
from tactful.types import Policy


@dataclass(frozen=True)
class Folds:
    """Base task → fold."""

    fold_of: Mapping[str, int]
    count: int

    @classmethod
    def over(cls, groups: set[str], *, count: int, seed: int) -> Folds:
        """`count` folds over `groups`. Raises UserError for fewer groups than two."""
        if len(groups) < 2:
            raise UserError(
                f"cross-fitting needs at least two base tasks, there is {len(groups)}; give more states"
            )
        count = min(count, len(groups))
        return cls(group_folds(sorted(groups), count, seed), count)


def crossfit(
    table: PairTable, folds: Folds, *, head: Head, seed: int, name: str, l2: float | None = None
) -> tuple[PolicyFor, list[EmbeddedPolicy]]:
    """Group → policy trained without the group's fold, and the policies themselves.

    Raises UserError when a fold leaves pairs of fewer than two base tasks to train on.
    """
    fold = np.array([folds.fold_of[str(group)] for group in table.groups])
    policies: list[EmbeddedPolicy] = []
    for index in range(folds.count):
        part = table.take(fold != index)
        tasks = len(np.unique(part.groups))
        if tasks < 2:
            raise UserError(
                f"cross-fitting: without fold {index + 1} of {folds.count} there are {len(part)} preference pairs of "
                f"{tasks} base tasks left to train on, at least 2 are needed; give rewarded rollouts of more tasks"
            )
        policies.append(fit_policy(part, head=head, seed=seed, l2=l2, name=name))

    def policy_for(group: str) -> Policy:
        return policies[folds.fold_of[group]]

    return policy_for, policies
