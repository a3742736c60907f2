"""Folds keep groups whole."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.errors import UsageError
from tactful.stats import group_folds

GROUPS = st.lists(st.integers(0, 30).map(str), min_size=1, max_size=80)


@pytest.mark.slow
@given(GROUPS, st.integers(2, 6), st.integers(0, 5))
def test_every_group_has_one_fold_and_folds_are_even(groups, k, seed):
    if len(set(groups)) < k:
        with pytest.raises(UsageError, match="groups"):
            group_folds(groups, k, seed)
        return
    folds = group_folds(groups, k, seed)
    assert folds.keys() == set(groups)
    sizes = [list(folds.values()).count(fold) for fold in range(k)]
    assert max(sizes) - min(sizes) <= 1


def test_folds_do_not_depend_on_the_order_of_the_items():
    groups = [f"g{i % 12}" for i in range(40)]
    mixed = random.Random(1).sample(groups, len(groups))
    assert group_folds(groups) == group_folds(mixed)
    assert group_folds(groups, seed=0) != group_folds(groups, seed=1)
