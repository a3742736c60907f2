"""Off-policy estimates against values worked out by hand, and what they refuse."""

import numpy as np
import pytest

from tactful.errors import UserError
from tactful.stats.offpolicy import LoggedDecisions, cross_fitted, effective_size, off_policy_value


def decisions(copies: int, *, groups: int = 0, **changed) -> LoggedDecisions:
    """Four decisions, `copies` times, each copy of a user of its own (or of so many users in all)."""
    columns = {
        "propensity": [0.5, 0.25, 0.8, 0.5],
        "target": [1, 1, 0, 1],
        "reward": [1, 0, 1, 1],
        "model_taken": [0.5, 0.5, 0.5, 0.5],
        "model_target": [0.6, 0.4, 0.5, 0.5],
    } | changed
    users = [str(at % groups if groups else at) for at in range(copies) for _ in range(4)]
    return LoggedDecisions(
        **{name: np.tile(np.array(values, dtype=float), copies) for name, values in columns.items()},
        groups=users,
    )


def test_three_estimates_by_hand():
    # w = 1/0.5, 1/0.25, 0/0.8, 1/0.5 = 2, 4, 0, 2; w·r = 2, 0, 0, 2
    # IPS 4/4 = 1; self-normalised 4/8 = 0.5; effective size 8²/(4 + 16 + 4) = 2.667 of four, 53.3 of eighty
    # doubly robust: 0.6 + 2·0.5, 0.4 − 4·0.5, 0.5 + 0, 0.5 + 2·0.5 = 1.6 − 1.6 + 0.5 + 1.5 = 2 of 4 = 0.5
    found = off_policy_value(decisions(20))
    assert found.refused == ""
    assert found.ips is not None
    assert found.self_normalised is not None
    assert found.doubly_robust is not None
    assert found.ips.value == pytest.approx(1.0)
    assert found.self_normalised.value == pytest.approx(0.5)
    assert found.doubly_robust.value == pytest.approx(0.5)
    assert found.logged.value == pytest.approx(0.75)
    assert found.effective == pytest.approx(53.3)
    assert found.largest_weight == 4


def test_few_effective_decisions_are_refused():
    found = off_policy_value(decisions(18))  # 48 of 72
    assert "effective sample size is 48" in found.refused
    assert found.ips is found.self_normalised is found.doubly_robust is None
    assert found.logged.value == pytest.approx(0.75)


def test_few_users_are_refused():
    assert "14 users" in off_policy_value(decisions(70, groups=14)).refused


def test_a_log_whose_policy_never_drew_is_refused():
    found = off_policy_value(decisions(100, propensity=[1, 1, 1, 1], target=[1, 1, 0, 1]))
    assert "certain" in found.refused
    assert "25%" in found.refused


def test_a_policy_that_does_what_the_log_did_needs_no_weights():
    found = off_policy_value(decisions(20, propensity=[1, 1, 1, 1], target=[1, 1, 1, 1]))
    assert found.refused == ""
    assert found.ips == found.self_normalised == found.logged
    assert found.effective == 80


def test_nothing_logged_is_said():
    nothing = LoggedDecisions(*(np.array([]) for _ in range(5)), groups=[])
    found = off_policy_value(nothing)
    assert "no decision" in found.refused
    assert found.logged.value is None


@pytest.mark.parametrize("wrong", [0.0, -0.1, 1.5])
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(UserError, match="propensity"):
        decisions(1, propensity=[wrong, 0.5, 0.5, 0.5])


def test_no_weight_has_no_effective_size():
    assert effective_size(np.zeros(3)) == 0


def test_the_model_of_rewards_never_sees_its_own_group():
    groups = [str(at // 2) for at in range(40)]
    taken = np.array([at % 2 == 0 for at in range(40)])
    reward = np.zeros(40)
    reward[0] = 1  # the only reward, of group 0: its own prediction must not know it
    if_taken, if_not = cross_fitted(["a"] * 40, taken, reward, groups)
    others = [at for at in range(40) if if_taken[at] != if_taken[0]]
    assert if_taken[0] < min(if_taken[others])
    assert len(set(np.round(if_not, 6))) <= 2
    assert (
        if_taken[0] == if_not[0] == 0
    )  # not even by the mean of all rewards, which small cells are pulled towards
