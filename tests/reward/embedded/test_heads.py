"""The calibrated head: soft targets, choices by group, probabilities at the base rate."""

import numpy as np
import pytest

from tactful.errors import UserError
from tactful.reward.embedded.heads import PENALTIES, Head, fit_head


def world(seed: int = 0, *, groups: int = 12, rows: int = 60, strength: float = 1.5, sd: float = 0.3):
    """(values, truth's probabilities, outcomes, groups): the first column tells, the second is noise, the third constant."""
    draw = np.random.default_rng(seed)
    names = np.repeat([f"g{number}" for number in range(groups)], rows)
    shift = np.repeat(draw.normal(0, sd, groups), rows)
    values = np.column_stack(
        [draw.normal(size=len(names)), draw.normal(size=len(names)), np.full(len(names), 7.0)]
    )
    p = 1 / (1 + np.exp(-(strength * values[:, 0] - 1 + shift)))
    return values, p, draw.random(len(names)) < p, names


def fitted(seed: int = 0, **changes: float) -> tuple[Head, np.ndarray, np.ndarray]:
    values, p, outcomes, names = world(seed, **changes)
    head = fit_head(values, ("tells", "noise", "constant"), outcomes.astype(float), np.ones(len(p)), names)
    return head, values, p


def test_probabilities_come_near_the_true_ones_on_rows_never_seen() -> None:
    head, _, _ = fitted()
    values, p, _, _ = world(1, sd=0.0)
    assert np.abs(head.probability(values) - p).mean() < 0.06


def test_the_mean_probability_is_the_base_rate_although_both_outcomes_weigh_the_same_in_the_fit() -> None:
    head, values, _ = fitted()
    assert head.base_rate == pytest.approx(0.3, abs=0.1)
    assert head.probability(values).mean() == pytest.approx(head.base_rate, abs=0.02)


def test_a_constant_column_has_no_weight_and_moves_nothing_when_it_varies_later() -> None:
    head, values, _ = fitted()
    moved = values.copy()
    moved[:, 2] = -1000.0
    assert np.allclose(head.probability(values), head.probability(moved), atol=1e-9)


def test_contributions_and_an_average_row_add_up_to_the_logit() -> None:
    head, values, _ = fitted()
    average = head.logit(head.centre[None, :])[0]
    assert np.allclose(head.contributions(values).sum(axis=1) + average, head.logit(values))


def test_soft_targets_of_one_half_everywhere_but_one_outcome_leave_the_score_flat() -> None:
    values, _, outcomes, names = world()
    head = fit_head(
        values, ("a", "b", "c"), np.full(len(values), 0.5), np.ones(len(values)), names, outcomes=outcomes
    )
    assert np.ptp(head.probability(values)) < 0.02


def test_scores_that_point_the_wrong_way_out_of_group_give_everyone_the_base_rate() -> None:
    """Each group's own rule is the opposite of the others' mean rule, so that no fit carries over."""
    draw = np.random.default_rng(0)
    names = np.repeat(["a", "b"], 200)
    column = draw.normal(size=400)
    outcomes = np.where(names == "a", column > 0, column < 0)
    head = fit_head(column[:, None], ("x",), outcomes.astype(float), np.ones(400), names)
    assert head.slope == 0
    assert np.allclose(head.probability(column[:, None]), head.base_rate, atol=0.01)


def test_an_outlier_cannot_push_the_score_without_end() -> None:
    head, values, _ = fitted()
    far, farther = values[:1].copy(), values[:1].copy()
    far[0, 0], farther[0, 0] = 1e3, 1e6
    assert head.logit(far) == pytest.approx(head.logit(farther))


def test_equal_rows_and_seed_give_equal_heads() -> None:
    one, values, _ = fitted()
    other, _, _ = fitted()
    assert one.penalty in PENALTIES
    assert np.array_equal(one.logit(values), other.logit(values))


def test_one_group_is_refused_because_nothing_can_be_held_out() -> None:
    values, _, outcomes, _ = world()
    with pytest.raises(UserError, match="1 group for 720 rows"):
        fit_head(values, ("a", "b", "c"), outcomes.astype(float), np.ones(720), ["g"] * 720)


@pytest.mark.parametrize("outcome", [True, False])
def test_one_outcome_only_is_refused(outcome: bool) -> None:
    values, _, _, names = world()
    with pytest.raises(UserError, match=f"all 720 outcomes are {str(outcome).lower()}"):
        fit_head(values, ("a", "b", "c"), np.full(720, float(outcome)), np.ones(720), names)


def test_two_groups_of_which_one_holds_one_outcome_are_fitted_all_the_same() -> None:
    values, _, outcomes, names = world(groups=2)
    outcomes[names == "g0"] = False
    head = fit_head(values, ("a", "b", "c"), outcomes.astype(float), np.ones(len(values)), names)
    assert np.isfinite(head.probability(values)).all()


def test_the_scaling_is_fitted_on_the_lower_of_two_readings():
    # The second reading is the first less noise, so the lower of both lies below: scaled as the first alone, the
    # probabilities would be too low on the whole.
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1200, 1))
    second = values - np.abs(rng.normal(size=values.shape))
    truth = rng.random(1200) < 1 / (1 + np.exp(-2 * values[:, 0]))
    groups = np.repeat([f"g{at}" for at in range(12)], 100)
    known = fit_head(values, ["x"], truth.astype(float), np.ones(1200), groups, also=second)
    blind = fit_head(values, ["x"], truth.astype(float), np.ones(1200), groups)
    found, without = (
        np.minimum(head.probability(values), head.probability(second)).mean() - truth.mean()
        for head in (known, blind)
    )
    assert abs(found) < 0.01
    assert without < -0.05
