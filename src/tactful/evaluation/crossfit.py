"""Learned policies that never saw the task they act on: one per fold of base tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tactful.data import group_folds
from tactful.errors import UserError
from tactful.evaluation.walk import PolicyFor
from tactful.policy.embedded import EmbeddedPolicy, Head, fit_policy
from tactful.policy.table import PairTable
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

    Raises UserError when a fold leaves no pair to train on.
    """
    fold = np.array([folds.fold_of.get(group, -1) for group in table.groups])
    policies = [
        fit_policy(table.take(fold != index), head=head, seed=seed, l2=l2, name=name)
        for index in range(folds.count)
    ]

    def policy_for(group: str) -> Policy:
        return policies[folds.fold_of[group]]

    return policy_for, policies
