"""The temperature: worked out by hand, cautious with few pairs."""

from __future__ import annotations

import math

import pytest

from tactful.policy.language_model.card import calibrated


def test_the_temperature_of_one_pair_by_hand() -> None:
    # The target of one pair is (1 + 1) / (1 + 2) = 2/3; σ(2 / T) = 2/3 where 2 / T = ln 2.
    found = calibrated([2.0])
    assert found["temperature"] == pytest.approx(2 / math.log(2), rel=1e-3)
    assert found["loss_before"] == pytest.approx(math.log(1 + math.exp(-2)))
    assert found["loss"] == pytest.approx(math.log(1.5), rel=1e-3)
    assert found["order_right"] == 1


def test_too_sure_and_half_wrong_is_cooled_to_even_chances() -> None:
    found = calibrated([5.0, -5.0])
    assert found["temperature"] > 10
    assert found["order_right"] == 0.5
    assert found["loss"] < found["loss_before"]


def test_weights_count() -> None:
    assert calibrated([5.0, -5.0], [3.0, 1.0])["order_right"] == 0.75


def test_without_pairs_nothing_is_calibrated() -> None:
    assert calibrated([]) == {"temperature": 1.0, "calibrated_on": 0}
