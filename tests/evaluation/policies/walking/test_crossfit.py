"""No learned policy acts on a base task that it was trained on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.worlds import SITUATIONAL, training

from tactful.calibration.reward.rewards import RewardConfig
from tactful.errors import UserError
from tactful.evaluation.policies.walking.crossfit import Folds, crossfit

TABLE = training(SITUATIONAL, tasks=12).pairs(RewardConfig(task_score="share"), min_margin=0.05)
GROUPS = {f"t{task}" for task in range(12)}


@settings(max_examples=15, deadline=None)
@given(count=st.integers(2, 6), seed=st.integers(0, 99), head=st.sampled_from(["dpo", "ridge"]))
def test_no_policy_acts_on_a_base_task_of_its_training(count, seed, head):
    folds = Folds.over(GROUPS, count=count, seed=seed)
    policy_for, policies = crossfit(TABLE, folds, head=head, seed=seed, name="learned", l2=0.1)
    assert len(policies) == count
    for group in GROUPS:
        known = set(policy_for(group).training["base_tasks"])
        assert group not in known
        # Every task of its fold is unknown to it, every other task known: nothing leaks and nothing is wasted.
        fold = {other for other in GROUPS if folds.fold_of[other] == folds.fold_of[group]}
        assert known == GROUPS - fold


def test_a_task_with_other_answers_changes_only_policies_that_do_not_act_on_it():
    folds = Folds.over(GROUPS, count=4, seed=0)
    turned = training({"complete": {"LOW": 0.0, "MID": 1.0}, "open": {"LOW": 1.0, "MID": 0.0}}, tasks=1)
    changed = training(SITUATIONAL, tasks=11, first=1)
    config = RewardConfig(task_score="share")
    tables = [part.pairs(config, min_margin=0.05) for part in (turned, changed)]
    joined = type(TABLE)(
        TABLE.actions,
        *(
            np.concatenate([getattr(table, name) for table in tables])
            for name in (
                "states",
                "chosen",
                "rejected",
                "margin",
                "chosen_reward",
                "rejected_reward",
                "groups",
            )
        ),
    )
    before, _ = crossfit(TABLE, folds, head="dpo", seed=0, name="learned", l2=0.1)
    after, _ = crossfit(joined, folds, head="dpo", seed=0, name="learned", l2=0.1)
    own = folds.fold_of["t0"]
    for group in sorted(GROUPS):
        same = np.allclose(before(group).weights, after(group).weights, atol=1e-3)
        assert same == (folds.fold_of[group] == own), group


def test_tasks_without_training_data_are_acted_on_too():
    folds = Folds.over(GROUPS | {"new"}, count=3, seed=0)
    policy_for, _ = crossfit(TABLE, folds, head="dpo", seed=0, name="learned", l2=0.1)
    assert policy_for("new").actions == ("LOW", "MID")


@pytest.mark.parametrize(("groups", "found"), [(set(), 0), ({"only"}, 1)])
def test_too_few_base_tasks_are_named(groups, found):
    with pytest.raises(UserError, match=f"at least two base tasks, there is {found}"):
        Folds.over(groups, count=5, seed=0)


def test_fewer_tasks_than_folds_make_fewer_folds():
    assert Folds.over({"a", "b", "c"}, count=5, seed=0).count == 3


def test_a_fold_that_leaves_too_little_to_train_on_says_what_to_give():
    table = training(SITUATIONAL, tasks=2).pairs(RewardConfig(task_score="share"), min_margin=0.05)
    with pytest.raises(
        UserError, match=r"without fold 1 of 2 there are 2 preference pairs of 1 base tasks.*give"
    ):
        crossfit(table, Folds.over({"t0", "t1"}, count=2, seed=0), head="dpo", seed=0, name="learned")
