import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.data.splits import split_by_group
from tactful.errors import UsageError

GROUPS = st.lists(st.integers(0, 30).map(str), min_size=1, max_size=80)


@pytest.mark.slow
@given(GROUPS, st.integers(0, 5))
def test_parts_share_no_group_and_none_is_empty(groups, seed):
    if len(set(groups)) < 3:
        with pytest.raises(UsageError):
            split_by_group(groups, seed=seed, grouped_by="task")
        return
    split = split_by_group(groups, seed=seed, grouped_by="task")
    found = [{groups[at] for at in part} for part in split.parts.values()]
    assert all(found)
    assert sum(map(len, found)) == len(set(groups)) == sum(split.groups.values())
    assert sorted(at for part in split.parts.values() for at in part) == list(range(len(groups)))


def test_a_split_says_what_it_grouped_by():
    # 20 groups of 2 items: 16 + 2 + 2 groups.
    split = split_by_group([str(i // 2) for i in range(40)], grouped_by="base task")
    assert split.describe() == (
        "train 32 items of 16 groups, valid 4 items of 2 groups, test 4 items of 2 groups (grouped by base task)"
    )


def test_shares_that_do_not_sum_to_one_are_refused():
    with pytest.raises(UsageError, match="sum to 1"):
        split_by_group(["a", "b"], {"train": 0.8, "test": 0.3}, grouped_by="task")
