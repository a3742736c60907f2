"""A split by item gives the look-up everything; a split by session nothing."""

from collections import Counter

import pytest
from tests.reward.synthetic import make_items

from tactful.data.formats.moments import observation_id
from tactful.errors import UserError
from tactful.evaluation.judges.baselines import BASELINES, Constant
from tactful.evaluation.judges.leak import leak_table, leaky_folds, measure_leak


def constant(train, test):
    return Constant(accepts=True).judge_now([one.moment for one in test]), [0.5] * len(test)


def test_items_of_one_observation_go_to_different_folds():
    items = make_items(8, 8)
    folds = leaky_folds(items, 5)
    at_one_point = Counter((observation_id(one.moment), fold) for one, fold in zip(items, folds, strict=True))
    assert max(at_one_point.values()) == 1
    assert set(folds) == {0, 1, 2, 3, 4}


@pytest.mark.slow
def test_the_look_up_wins_where_the_split_leaks_and_is_no_better_than_chance_where_it_does_not():
    items = make_items(16, 8)
    leaky, grouped = measure_leak(items, constant, judge="judge", resamples=100)
    assert (leaky.observations_known, grouped.observations_known) == (1.0, 0.0)
    knowing = leaky.measured.baseline("look-up").equal
    assert knowing["balanced_accuracy"].low is not None
    assert knowing["balanced_accuracy"].low > 0.6
    knowing_nothing = grouped.measured.baseline("look-up").equal["balanced_accuracy"].value
    assert knowing_nothing is not None
    assert knowing_nothing <= 0.5
    table = leak_table([leaky, grouped])
    names = [row.name for row in table.rows]
    assert names == ["judge, leaking", *(f"{name}, leaking" for name in BASELINES), "judge", *BASELINES]


def test_the_judge_is_never_asked_about_what_it_was_trained_on():
    items = make_items(6, 6)

    def checked(train, test):
        assert not {one.moment.id for one in train} & {one.moment.id for one in test}
        return constant(train, test)

    leaky, grouped = measure_leak(items, checked, judge="judge", resamples=20)
    assert leaky.folds == grouped.folds == 5


def test_one_session_cannot_be_split_by_session():
    with pytest.raises(UserError, match="needs two sessions"):
        measure_leak(make_items(1, 4), constant, judge="judge")
