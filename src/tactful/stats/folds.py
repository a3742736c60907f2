"""Folds in which no group (base task, user, session, dialogue) stands on both sides.

Not scikit-learn's GroupKFold: that fills folds by the number of items, so that a new item moves groups between folds,
and takes a second to import. Here a group's fold depends on the groups' names and the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable

from tactful.errors import UsageError
from tactful.types import seeded


def shuffled_groups(groups: Iterable[str], seed: int, *, rng: random.Random | None = None) -> list[str]:
    """The distinct groups in an order that depends on their names and the seed alone, not on the input's order."""
    distinct = sorted(set(groups))
    (rng or seeded("groups", seed)).shuffle(distinct)
    return distinct


def group_folds(
    groups: Iterable[str], k: int = 5, seed: int = 0, *, rng: random.Random | None = None
) -> dict[str, int]:
    """Group → its test fold, 0 to k-1. Folds differ in size by at most one group. `rng` takes the seed's place.

    Raises: UsageError when there are fewer groups than folds.
    """
    order = shuffled_groups(groups, seed, rng=rng)
    if k < 2 or len(order) < k:
        raise UsageError(f"{k} folds need 2 or more folds and at least {k} groups, found {len(order)} groups")
    return {group: position % k for position, group in enumerate(order)}
